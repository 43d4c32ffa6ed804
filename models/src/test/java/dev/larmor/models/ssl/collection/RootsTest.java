package dev.larmor.models.ssl.collection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RootsTest {
  @TempDir Path folder;

  private Roots roots() throws IOException {
    for (String name : new String[] {"raw", "pre", "res"}) {
      Files.createDirectories(folder.resolve(name));
    }
    return new Roots(
        Map.of(
            "nnssl_raw", folder + "/raw",
            "nnssl_preprocessed", folder + "/pre",
            "nnssl_results", folder + "/res"));
  }

  private void make(String path) throws IOException {
    Files.createDirectories(folder.resolve(path));
  }

  @Test
  void folders() throws IOException {
    Roots roots = roots();
    assertEquals(folder.resolve("raw"), roots.raw());
    assertEquals(folder.resolve("pre"), roots.preprocessed());
    assertEquals(folder.resolve("res"), roots.results());
    assertFalse(roots.rocket());
    assertEquals(
        folder.resolve("raw/Dataset007_A/pretrain_data.json"),
        roots.pretrainData(new DatasetName(7, "A")));
    Roots rocket = new Roots(Map.of("rocket_preprocessed", "/fast", "nnssl_preprocessed", "/slow"));
    assertTrue(rocket.rocket());
    assertEquals(Path.of("/fast"), rocket.preprocessed());
  }

  @Test
  void missingVariables() {
    Roots none = new Roots(Map.of("nnssl_raw", ""));
    assertSentence(
        "the environment variable nnssl_raw is not set, expected the folder of the data sets'"
            + " pretrain_data.json",
        none::raw);
    assertSentence(
        "the environment variable nnssl_preprocessed is not set, expected the folder of fingerprints,"
            + " plans and preprocessed images",
        none::preprocessed);
    assertSentence(
        "the environment variable nnssl_results is not set, expected the folder of trainings",
        none::results);
  }

  private static void assertSentence(String message, Runnable action) {
    assertEquals(message, assertThrows(DataException.class, action::run).getMessage());
  }

  @Test
  void idsAndNames() throws IOException {
    Roots roots = roots();
    make("raw/Dataset745_OpenMind");
    make("pre/Dataset745_OpenMind");
    make("raw/Dataset074_A");
    make("res/Dataset074_B_c");
    make("raw/Dataset7450_Longer");
    Files.writeString(folder.resolve("raw/Dataset100_File"), "");
    assertEquals(new DatasetName(745, "OpenMind"), roots.dataset("745"));
    assertEquals(new DatasetName(745, "OpenMind"), roots.dataset("Dataset745_OpenMind"));
    assertEquals("Dataset005_a_b", roots.dataset("005_a_b").toString());
    assertSentence(
        "data set 74: the folders Dataset074_A, Dataset074_B_c, expected one folder Dataset074_… in"
            + " nnssl_raw, nnssl_preprocessed or nnssl_results",
        () -> roots.dataset("74"));
    assertSentence(
        "data set 100: no folder, expected one folder Dataset100_… in nnssl_raw, nnssl_preprocessed or"
            + " nnssl_results",
        () -> roots.dataset("100"));
    for (String bad : new String[] {"OpenMind", "Dataset74_A", "1234", "Dataset123_", "123_a/b"}) {
      assertEquals(
          "'%s' is no data set, expected an id of three digits and a name, such as 745_OpenMind"
              .formatted(bad),
          assertThrows(IllegalArgumentException.class, () -> roots.dataset(bad)).getMessage());
    }
  }
}
