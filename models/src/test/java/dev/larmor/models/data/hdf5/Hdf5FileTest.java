package dev.larmor.models.data.hdf5;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads files made by h5py (resources/…/hdf5/make.py), and what is no readable HDF5 file. */
final class Hdf5FileTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "contiguous.h5, F32, 2.5",
    "gzip.h5, BOOL, 2.5",
    "straddling.h5, U8, 3",
    "lzf.h5, I64, 2.5",
    "extendable.h5, I16, 2.5",
    "big-endian.h5, U64, 2.5",
    "userblock.h5, F64, 2.5"
  })
  void readsWhatH5pyWrites(String name, String maskType, double max) {
    try (Hdf5File file = Hdf5File.open(resource(name))) {
      Hdf5Dataset kspace = file.dataset("kspace");
      assertEquals("C64[3, 2, 7, 5]", kspace.toString());
      assertEquals(2 * 2 * 7 * 5, kspace.floatsPerSlice());
      float[] slice = new float[140];
      for (int s : new int[] {2, 0, 1}) {
        kspace.readSlice(s, slice);
        for (int i = 0; i < 70; i++) {
          int n = 70 * s + i;
          assertEquals(n, slice[2 * i], name);
          assertEquals(-n / 2f, slice[2 * i + 1], name);
        }
      }
      Hdf5Dataset mask = file.dataset("mask");
      assertEquals(maskType + "[5]", mask.toString());
      assertArrayEquals(new double[] {0, 1, 1, 0, 1}, mask.readNumbers());
      assertEquals(max, file.number("max").orElseThrow());
      assertTrue(file.number("nothing").isEmpty());
      assertTrue(file.has("kspace"));
      assertFalse(file.has("group"));
    }
  }

  @Test
  void wrongRequestsAreRefused() {
    Path path = resource("gzip.h5");
    try (Hdf5File file = Hdf5File.open(path)) {
      assertSentence(
          path + ": no dataset 'image_label', the file has group, kspace, mask",
          () -> file.dataset("image_label"));
      assertSentence(path + ": 'group' is a group, not a dataset", () -> file.dataset("group"));
      assertSentence(path + ": attribute 'note' is not a number", () -> file.number("note"));
      assertSentence(path + ": attribute 'pair' is not a number", () -> file.number("pair"));
      Hdf5Dataset kspace = file.dataset("kspace");
      assertSentence(path + ": 'kspace' is C64[3, 2, 7, 5], expected numbers", kspace::readNumbers);
      assertSentence(
          path + ": 'mask' is BOOL[5], expected slices of F32 or C64",
          () -> file.dataset("mask").readSlice(0, new float[1]));
      assertThrows(IndexOutOfBoundsException.class, () -> kspace.readSlice(3, new float[140]));
      assertThrows(IllegalArgumentException.class, () -> kspace.readSlice(0, new float[139]));
    }
  }

  @Test
  void oddDatasets() {
    Path path = resource("odd.h5");
    try (Hdf5File file = Hdf5File.open(path)) {
      assertEquals("C64[0, 2, 7, 5]", file.dataset("kspace").toString());
      assertEquals("[r:F64, i:F64][3, 2, 7, 5]", file.dataset("double").toString());
      assertEquals("VARIABLELENGTH[]", file.dataset("text").toString());
      assertArrayEquals(new byte[] {'t', 'e', 'x', 't'}, file.dataset("text").readText());
      assertSentence(
          path + ": 'half' is F16[2], expected a text", () -> file.dataset("half").readText());
      assertEquals("F16[2]", file.dataset("half").toString());
      assertArrayEquals(new double[] {7}, file.dataset("scalar").readNumbers());
      for (String key : new String[] {"unwritten", "unwritten-chunks"}) {
        float[] slice = {1, 2, 3};
        file.dataset(key).readSlice(1, slice);
        assertArrayEquals(new float[3], slice, key);
      }
      assertSentence(
          path + ": 'scalar' is F32[], expected slices of F32 or C64",
          () -> file.dataset("scalar").readSlice(0, new float[1]));
    }
  }

  @Test
  void missingFileAndFolder() {
    Path missing = folder.resolve("missing.h5");
    assertSentence(missing + ": no such file", () -> Hdf5File.open(missing));
    assertSentence(folder + ": not a regular file", () -> Hdf5File.open(folder));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 3000})
  void notHdf5(int length) throws IOException {
    Path path = folder.resolve("text.h5");
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) 'x');
    Files.write(path, bytes);
    assertSentence(path + ": not an HDF5 file", () -> Hdf5File.open(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"contiguous.h5", "gzip.h5", "lzf.h5", "extendable.h5"})
  void truncatedAnywhere(String name) throws IOException {
    byte[] whole = Files.readAllBytes(resource(name));
    for (int length = 8; length < whole.length; length += 61) {
      Path path = folder.resolve(length + ".h5");
      Files.write(path, Arrays.copyOf(whole, length));
      DataException e = assertThrows(DataException.class, () -> Hdf5File.open(path));
      assertTrue(
          e.getMessage().startsWith(path + ": ") && e.getMessage().contains("truncated HDF5 file"),
          e.getMessage());
    }
  }

  @Test
  void aDamagedChunkNamesItsSlice() throws IOException {
    byte[] bytes = Files.readAllBytes(resource("gzip.h5"));
    // The deflate streams begin with 78 5E or 78 9C: spoil all of them.
    for (int i = 0; i < bytes.length - 1; i++) {
      if (bytes[i] == 0x78 && (bytes[i + 1] == 0x5E || bytes[i + 1] == (byte) 0x9C)) {
        bytes[i + 2] = (byte) 0xFF;
      }
    }
    Path path = folder.resolve("damaged.h5");
    Files.write(path, bytes);
    try (Hdf5File file = Hdf5File.open(path)) {
      DataException e =
          assertThrows(
              DataException.class, () -> file.dataset("kspace").readSlice(1, new float[140]));
      assertTrue(
          e.getMessage().startsWith(path + ": slice 1 of 'kspace' cannot be read: "),
          e.getMessage());
    }
  }

  private Path resource(String name) {
    Path path = folder.resolve(name);
    try (InputStream in = Hdf5FileTest.class.getResourceAsStream(name)) {
      Files.write(path, in.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return path;
  }

  private static void assertSentence(String message, Runnable action) {
    DataException e = assertThrows(DataException.class, action::run);
    assertEquals(message, e.getMessage());
  }
}
