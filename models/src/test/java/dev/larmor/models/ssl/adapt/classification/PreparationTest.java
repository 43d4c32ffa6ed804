package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PreparationTest {
  @TempDir private Path folder;

  private Path write(String name, float[] values, int... shape) {
    Path file = folder.resolve(name);
    PlantedCases.write(file, values, shape);
    return file;
  }

  private static float[] noise(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = 100 + 20 * (float) Philox.of(3, "noise").normal(i);
    }
    return values;
  }

  private static Case one(Optional<Path> mask, Path... images) {
    return new Case("a", List.of(images), mask, "s", Optional.of("x"));
  }

  private static float[] run(int side, Case one) {
    return new Preparation(side).run(one, Workers.ONE);
  }

  /** Mean and deviation of all the image, the middle of it cut out. */
  @Test
  void theMiddleOfTheImage() {
    float[] values = noise(10 * 12 * 14);
    Path file = write("a.nii", values, 10, 12, 14);
    double mean = 0;
    double squares = 0;
    for (float value : values) {
      mean += value / values.length;
    }
    for (float value : values) {
      squares += (value - mean) * (value - mean) / values.length;
    }
    float[] cut = run(8, one(Optional.empty(), file));
    for (int z = 0; z < 8; z++) {
      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 8; x++) {
          float from = values[((z + 1) * 12 + y + 2) * 14 + x + 3];
          assertEquals((from - mean) / Math.sqrt(squares), cut[(z * 8 + y) * 8 + x], 1e-5);
        }
      }
    }
  }

  /** Beyond a small image is its least value. */
  @Test
  void smallImagesArePadded() {
    float[] values = {1, 2, 3, 4, 5, 6, 7, 8};
    float[] cut = run(4, one(Optional.empty(), write("a.nii", values, 2, 2, 2)));
    double deviation = Math.sqrt(5.25);
    for (int i = 0; i < 64; i++) {
      int z = i / 16 - 1;
      int y = i / 4 % 4 - 1;
      int x = i % 4 - 1;
      boolean inside = Math.min(z, Math.min(y, x)) >= 0 && Math.max(z, Math.max(y, x)) < 2;
      double value = inside ? values[(z * 2 + y) * 2 + x] : 1;
      assertEquals((value - 4.5) / deviation, cut[i], 1e-5, "voxel " + i);
    }
  }

  /** Spacing 2 becomes twice as many voxels. */
  @Test
  void voxelsOfOneMillimetre() {
    float[] values = noise(6 * 6 * 6);
    Path file = folder.resolve("a.nii");
    ImageFile.write(
        file, PlantedCases.image(values, new int[] {6, 6, 6}, 2, 2, 2), NumberType.FLOAT32);
    float[] cut = run(16, one(Optional.empty(), file));
    // 12 of the 16 voxels a side show something.
    float beyond = cut[0];
    int shown = 0;
    for (int i = 0; i < cut.length; i++) {
      int z = i / 256;
      int y = i / 16 % 16;
      int x = i % 16;
      boolean inside = Math.min(z, Math.min(y, x)) >= 2 && Math.max(z, Math.max(y, x)) < 14;
      assertTrue(inside || cut[i] == beyond, "voxel " + i);
      shown += cut[i] != beyond ? 1 : 0;
    }
    assertTrue(shown > 12 * 12 * 11, shown + " voxels");
  }

  /** Only what is marked counts, and its middle is the cube's; each channel by itself. */
  @Test
  void theMask() {
    float[] values = noise(12 * 12 * 12);
    float[] other = noise(12 * 12 * 12);
    float[] marked = new float[12 * 12 * 12];
    double sum = 0;
    for (int z = 6; z < 10; z++) {
      for (int y = 1; y < 5; y++) {
        for (int x = 7; x < 11; x++) {
          int i = (z * 12 + y) * 12 + x;
          marked[i] = 3;
          sum += values[i] / 64;
          other[i] *= 5;
        }
      }
    }
    Path mask = write("m.nii", marked, 12, 12, 12);
    Path second = write("b.nii", other, 12, 12, 12);
    Path first = write("a.nii", values, 12, 12, 12);
    float[] cut = run(8, one(Optional.of(mask), first, second));
    double squares = 0;
    double mean = 0;
    for (int i = 0; i < 512; i++) {
      int z = i / 64 - 2;
      int y = i / 8 % 8 - 2;
      int x = i % 8 - 2;
      boolean inside = Math.min(z, Math.min(y, x)) >= 0 && Math.max(z, Math.max(y, x)) < 4;
      if (inside) {
        double value = values[((z + 6) * 12 + y + 1) * 12 + x + 7];
        assertEquals(Math.signum(value - sum), Math.signum(cut[i]), "voxel " + i);
        mean += cut[i];
        squares += cut[i] * cut[i];
        // Brightness is normalised away.
        assertEquals(cut[i], cut[512 + i], 1e-4);
      } else {
        assertEquals(0, cut[i], "voxel " + i);
        assertEquals(0, cut[512 + i]);
      }
    }
    assertEquals(0, mean / 64, 1e-5);
    assertEquals(1, squares / 64, 1e-4);
  }

  private static void refused(String sentence, Case one) {
    assertEquals(sentence, assertThrows(DataException.class, () -> run(8, one)).getMessage());
  }

  @Test
  void mistakes() {
    Path image = write("a.nii", noise(64), 4, 4, 4);
    float[] damaged = noise(64);
    damaged[2 * 16 + 4 + 3] = Float.NaN;
    Path nan = write("nan.nii", damaged, 4, 4, 4);
    refused(nan + ": voxel [2, 1, 3] is NaN, expected finite values", one(Optional.empty(), nan));
    Path mask = write("m.nii", new float[64], 4, 4, 4);
    refused(mask + ": the mask marks nothing of " + image, one(Optional.of(mask), image));
    Path wide = write("w.nii", noise(80), 4, 4, 5);
    refused(
        wide + ": [4, 4, 5] voxels, expected [4, 4, 4] as in " + image,
        one(Optional.of(wide), image));
    refused(
        wide + ": [4, 4, 5] voxels, expected [4, 4, 4] as in " + image,
        one(Optional.empty(), image, wide));
    Path none = folder.resolve("none.nii");
    refused(none + ": no such file", one(Optional.empty(), none));
    assertThrows(IllegalArgumentException.class, () -> new Preparation(0));
  }

  /** What is stored is what was prepared, once, and anew when an image changes. */
  @Test
  void preparedOnce() throws IOException {
    Path image = write("a.nii", noise(1000), 10, 10, 10);
    Case one = one(Optional.empty(), image);
    Path cache = folder.resolve("cache");
    PreparedCases prepared = new PreparedCases(cache, new Preparation(8), List.of(one));
    int[] done = {0};
    assertTrue(prepared.prepare(new Workers(2), () -> done[0]++, () -> false));
    assertEquals(1, done[0]);
    assertArrayEquals(run(8, one), prepared.read(0));
    List<Path> files = files(cache);
    Object written = Files.getLastModifiedTime(files.getFirst());
    assertTrue(prepared.prepare(new Workers(2), () -> {}, () -> false));
    assertEquals(written, Files.getLastModifiedTime(files.getFirst()));
    write("a.nii", noise(1100), 10, 10, 11);
    assertFalse(prepared.prepare(new Workers(2), () -> {}, () -> true), "stopped");
    assertTrue(prepared.prepare(new Workers(2), () -> {}, () -> false));
    assertEquals(2, files(cache).size());
    assertArrayEquals(run(8, one), prepared.read(0));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }
}
