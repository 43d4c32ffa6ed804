package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a folder of images to preprocessed volumes. */
final class SslPreprocessCommandTest {
  @TempDir private Path data;
  @TempDir private Path raw;
  @TempDir private Path preprocessed;

  private Path folder;

  /** Five images, one of them cut short. */
  @BeforeEach
  void images() throws IOException {
    folder = preprocessed.resolve("Dataset007_Heads");
    for (int i = 0; i < 5; i++) {
      int[] shape = {8 + i, 12, 10};
      float[] values = new float[shape[0] * shape[1] * shape[2]];
      for (int v = 0; v < values.length; v++) {
        values[v] = v % 7 == 0 ? 0 : (float) (100 + 50 * Math.sin(v * 0.1 * (i + 1)));
      }
      double[] spacing = {3, 1 + 0.1 * i, 1.5};
      Image3d.Place place =
          new Image3d.Place(
              new double[] {spacing[2], spacing[1], spacing[0]},
              new double[3],
              new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
      Path file = data.resolve("head" + i + ".nii.gz");
      ImageFile.write(file, new Image3d(values, 1, shape, spacing, place), NumberType.FLOAT32);
      if (i == 3) {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
      }
    }
    run("index", data, "--dataset=007_Heads").succeeded();
  }

  private Program.Result run(String command, Object... more) {
    List<Object> all = new ArrayList<>(List.of("ssl", command));
    all.addAll(List.of(more));
    all.addAll(List.of("--raw", raw, "--preprocessed", preprocessed));
    return Program.run(all.toArray());
  }

  private void planned() {
    assertEquals(2, run("plan", "7").code());
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private List<Path> files(String identifier) throws IOException {
    try (Stream<Path> all = Files.walk(folder.resolve(identifier))) {
      return all.filter(file -> file.toString().endsWith(VolumeFile.EXTENSION)).sorted().toList();
    }
  }

  @Test
  void aPlan() throws IOException {
    Program.Result result = run("plan", "7");
    assertEquals(2, result.code(), result.out());
    assertTrue(result.out().contains("left out: " + data.resolve("head3.nii.gz")), result.out());
    assertEquals(4, json(folder.resolve("dataset_fingerprint.json")).get("spacings").size());
    JsonNode plan = json(folder.resolve("nnsslPlans.json"));
    assertEquals("Dataset007_Heads", plan.get("dataset_name").asText());
    assertEquals("[3.0,1.15,1.5]", rounded(plan.get("original_median_spacing_after_transp")));
    assertEquals(3, plan.get("configurations").size());
    // What is there is kept.
    String kept = run("plan", "Dataset007_Heads", "--workers=1").succeeded().out();
    assertTrue(kept.startsWith("kept as it was: "), kept);
    assertEquals(2, run("plan", "7", "--clean").code());
  }

  private static String rounded(JsonNode numbers) {
    List<Double> values = new ArrayList<>();
    numbers.forEach(n -> values.add(Math.round(n.asDouble() * 1e6) / 1e6));
    return values.toString().replace(" ", "");
  }

  @Test
  void everyConfiguration() throws IOException {
    planned();
    Program.Result result = run("preprocess", "7", "-c", "onemmiso,median,noresample");
    assertEquals(2, result.code(), result.out());
    for (String configuration : List.of("onemmiso", "median", "noresample")) {
      assertTrue(result.out().contains(configuration + ": 4 images, 1 left out"), result.out());
      List<Path> files = files("nnsslPlans_" + configuration);
      assertEquals(4, files.size());
      try (VolumeFile volume = VolumeFile.open(files.getFirst())) {
        int[] expected =
            switch (configuration) {
              case "onemmiso" -> new int[] {24, 12, 15};
              case "median" -> new int[] {8, 10, 10};
              default -> new int[] {8, 12, 10};
            };
        assertArrayEquals(expected, volume.shape(), configuration);
      }
      JsonNode list = json(folder.resolve("pretrain_data__" + configuration + ".json"));
      assertTrue(
          list.toString().contains("$nnssl_preprocessed/Dataset007_Heads/nnsslPlans_"),
          list.toString());
    }
    JsonNode valid = json(folder.resolve("valid_imgs.json"));
    assertEquals(4, valid.size());
    assertTrue(Files.exists(folder.resolve(valid.get(0).get("file").asText())));
  }

  @Test
  void whatIsThereIsKept() throws IOException {
    planned();
    assertEquals(2, run("preprocess", "7", "--workers=1").code());
    List<Path> files = files("nnsslPlans_onemmiso");
    List<byte[]> first = new ArrayList<>();
    for (Path file : files) {
      first.add(Files.readAllBytes(file));
      Files.setLastModifiedTime(file, FileTime.fromMillis(0));
    }
    Files.delete(files.get(1));
    String again = run("preprocess", "7", "--workers=3").out();
    assertTrue(again.contains("onemmiso: 4 images, 3 of them kept, 1 left out"), again);
    for (int i = 0; i < files.size(); i++) {
      assertArrayEquals(first.get(i), Files.readAllBytes(files.get(i)), "the same bits");
      long time = Files.getLastModifiedTime(files.get(i)).toMillis();
      assertEquals(i != 1, time == 0, files.get(i).toString());
    }
    run("preprocess", "7", "--overwrite");
    assertNotEquals(0, Files.getLastModifiedTime(files.get(0)).toMillis());
  }

  @Test
  void parts() throws IOException {
    planned();
    run("preprocess", "7", "-part", "1", "-total_parts", "2");
    Path second = folder.resolve("valid_imgs__1_of_2.json");
    assertEquals(2, json(second).size(), "of images 2 to 4 one is damaged");
    assertEquals(2, files("nnsslPlans_onemmiso").size());
    assertFalse(Files.exists(folder.resolve("valid_imgs.json")));
    run("preprocess", "7", "--part=0", "--total-parts=2").succeeded();
    assertEquals(4, json(folder.resolve("valid_imgs.json")).size());
    assertFalse(Files.exists(second));
    run("preprocess", "7", "--part=2", "--total-parts=2")
        .refused(2, "part 2 of 2: parts are counted from 0; see 'larmor ssl preprocess --help'");
  }

  /** A picture of images, as they are or preprocessed; the same for the same seed. */
  @Test
  void views() throws IOException {
    planned();
    run("preprocess", "7");
    Path stored = files("nnsslPlans_onemmiso").getFirst();
    Path image = data.resolve("head1.nii.gz");
    Path first = data.resolve("first.png");
    Object[] command = {"ssl", "views", stored, image, "--pairs=2", "--mode=nnssl", "--png"};
    Program.run(with(command, first)).succeeded();
    BufferedImage picture = ImageIO.read(first.toFile());
    assertTrue(picture.getWidth() > 6 * 64 && picture.getHeight() > 2 * 64, picture.toString());
    int[] colours =
        picture.getRGB(0, 0, picture.getWidth(), picture.getHeight(), null, 0, picture.getWidth());
    assertTrue(Arrays.stream(colours).distinct().count() > 50, "there is something to see");
    Path again = data.resolve("again.png");
    Program.run(with(command, again)).succeeded();
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(again));
    Program.run(with(command, again, "--seed=3")).succeeded();
    assertFalse(Arrays.equals(Files.readAllBytes(first), Files.readAllBytes(again)));
    Program.run("ssl", "views", image, "--pairs=0", "--png", again)
        .refused(2, "the number of pairs must be at least 1, not 0; see 'larmor ssl views --help'");
  }

  private static Object[] with(Object[] command, Object... more) {
    return Stream.concat(Arrays.stream(command), Arrays.stream(more)).toArray();
  }

  private boolean preprocessed(String stem) throws IOException {
    try (Stream<Path> files = Files.walk(folder.resolve("nnsslPlans_onemmiso"))) {
      return files.anyMatch(file -> file.getFileName().toString().equals(stem + ".h5"));
    }
  }

  @Test
  void mistakes() throws IOException {
    run("preprocess", "7")
        .refused(
            2, folder.resolve("nnsslPlans.json") + ": no such file; 'larmor ssl plan 7' makes it");
    planned();
    run("preprocess", "7", "-c", "halfmm")
        .refused(
            2,
            "nnsslPlans of Dataset007_Heads: no configuration 'halfmm', expected one of [median,"
                + " onemmiso, noresample]");
    run("preprocess", "7");
    Files.delete(data.resolve("head4.nii.gz"));
    run("plan", "7", "--clean");
    run("preprocess", "7")
        .refused(
            2,
            folder.resolve("nnsslPlans_onemmiso")
                + ": was made by another plan; make it anew with --overwrite, or go back to the old"
                + " plan, which lies in it");
    // What cannot be made anew is not there any more, rather than there by the old plan.
    assertTrue(preprocessed("head4"));
    assertEquals(2, run("preprocess", "7", "--overwrite").code());
    assertTrue(preprocessed("head1"));
    assertFalse(preprocessed("head4"));
    run("plan", "8")
        .refused(
            2,
            "data set 8: no folder, expected one folder Dataset008_… in nnssl_raw,"
                + " nnssl_preprocessed or nnssl_results");
    run("plan", "7", "--workers=0")
        .refused(2, "0 threads, expected at least 1; see 'larmor ssl plan --help'");
  }
}
