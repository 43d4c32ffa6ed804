package dev.larmor.models.data.nifti;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads files made by nibabel (resources/…/nifti/make.py), and what is no readable volume. */
final class NiftiVolumeTest {
  @TempDir Path folder;

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = NiftiVolumeTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private Path file(String name) throws IOException {
    return Files.write(folder.resolve(name), resource(name));
  }

  /** What nibabel reads back: values, affine, and the canonical shape, values and affine. */
  private static List<double[]> expected(String name) throws IOException {
    return new String(resource("expected.txt"), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1).split(" "))
        .map(words -> Arrays.stream(words).mapToDouble(Double::parseDouble).toArray())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "u1.nii",
        "i1-scaled.nii.gz",
        "i2.nii",
        "u2.nii.gz",
        "i4.nii",
        "u4-scaled.nii.gz",
        "f4.nii",
        "f8.nii.gz",
        "i8.nii",
        "u8-scaled.nii.gz",
        "series.nii.gz"
      })
  void readsWhatNibabelWrites(String name) throws IOException {
    List<double[]> expected = expected(name);
    NiftiVolume volume = NiftiVolume.read(file(name));
    assertArrayEquals(new int[] {4, 3, 2}, volume.shape());
    assertValues(expected.get(0), volume);
    assertAffine(expected.get(1), volume);
    assertArrayEquals(new double[] {2, 3, 1.5}, volume.spacing(), 1e-5);

    NiftiVolume canonical = volume.canonical();
    assertArrayEquals(expected.get(2), Arrays.stream(canonical.shape()).asDoubleStream().toArray());
    assertValues(expected.get(3), canonical);
    assertAffine(expected.get(4), canonical);
  }

  private static void assertValues(double[] expected, NiftiVolume volume) {
    float[] values = volume.values();
    assertEquals(expected.length, values.length);
    for (int i = 0; i < values.length; i++) {
      assertEquals((float) expected[i], values[i]);
    }
    int[] shape = volume.shape();
    assertEquals(
        (float) expected[expected.length - 1], volume.at(shape[0] - 1, shape[1] - 1, shape[2] - 1));
    assertEquals((float) expected[shape[0]], volume.at(0, 1, 0));
  }

  private static void assertAffine(double[] expected, NiftiVolume volume) {
    double[] flat = Arrays.stream(volume.affine()).flatMapToDouble(Arrays::stream).toArray();
    assertArrayEquals(expected, flat, 1e-5);
  }

  @Test
  void aVolumeOfASeries() throws IOException {
    Path path = file("series.nii.gz");
    assertEquals(1123, NiftiVolume.read(path, 1).at(3, 2, 1));
    assertSentence(path + ": no volume 2 in a series of 2", () -> NiftiVolume.read(path, 2));
  }

  /** Integers at the ends of their range, which a wrong sign or width would show. */
  @ParameterizedTest
  @ValueSource(ints = {2, 256, 4, 512, 8, 768, 1024, 1280})
  void extremeIntegers(int datatype) throws IOException {
    double[] expected =
        switch (datatype) {
          case 2 -> new double[] {0, 255};
          case 256 -> new double[] {-128, 127};
          case 4 -> new double[] {-32768, 32767};
          case 512 -> new double[] {0, 65535};
          case 8 -> new double[] {-0x1p31, 0x1p31 - 1};
          case 768 -> new double[] {0, 0x1p32 - 1};
          case 1024 -> new double[] {-0x1p63, 0x1p63};
          default -> new double[] {0, 0x1p64};
        };
    int size = datatype == 2 || datatype == 256 ? 1 : datatype == 4 || datatype == 512 ? 2 : 0;
    int bytes = size > 0 ? size : datatype == 8 || datatype == 768 ? 4 : 8;
    boolean signed = expected[0] < 0;
    Path path =
        header(header -> {
          header.putShort(70, (short) datatype);
          header.putShort(42, (short) 2).putShort(44, (short) 1).putShort(46, (short) 1);
          byte[] low = new byte[bytes];
          byte[] high = new byte[bytes];
          Arrays.fill(high, (byte) 0xFF);
          if (signed) {
            low[bytes - 1] = (byte) 0x80;
            high[bytes - 1] = 0x7F;
          }
          header.put(352, low).put(352 + bytes, high);
        });
    NiftiVolume volume = NiftiVolume.read(path);
    assertEquals((float) expected[0], volume.at(0, 0, 0));
    assertEquals((float) expected[1], volume.at(1, 0, 0));
  }

  /** A good little-endian NIfTI-1 file of 2 x 2 x 2 float voxels, changed as told. */
  private Path header(Consumer<ByteBuffer> change) throws IOException {
    ByteBuffer file = ByteBuffer.allocate(352 + 64).order(ByteOrder.LITTLE_ENDIAN);
    file.putInt(0, 348).putShort(40, (short) 3).putShort(70, (short) 16).putFloat(108, 352);
    for (int axis = 1; axis <= 3; axis++) {
      file.putShort(40 + 2 * axis, (short) 2).putFloat(76 + 4 * axis, 1);
    }
    file.put(344, "n+1\0".getBytes(StandardCharsets.US_ASCII));
    change.accept(file);
    return Files.write(folder.resolve("a.nii"), file.array());
  }

  private void assertBad(String reason, Consumer<ByteBuffer> change) throws IOException {
    Path path = header(change);
    assertSentence(path + ": " + reason, () -> NiftiVolume.read(path));
  }

  private static void assertSentence(String message, Runnable action) {
    assertEquals(message, assertThrows(DataException.class, action::run).getMessage());
  }

  @Test
  void badHeaders() throws IOException {
    NiftiVolume good = NiftiVolume.read(header(header -> {}));
    assertArrayEquals(new double[] {1, 1, 1}, good.spacing());
    assertBad("not a NIfTI file", header -> header.putInt(0, 349));
    assertBad("not a NIfTI file", header -> header.put(344, (byte) 'x'));
    assertBad(
        "header and voxels in two files (.hdr, .img), expected one .nii file",
        header -> header.put(345, (byte) 'i'));
    assertBad("2 axes, expected 3 to 7", header -> header.putShort(40, (short) 2));
    assertBad("8 axes, expected 2 to 7", header -> header.putShort(40, (short) 8));
    assertBad("an extent of 0 along axis 2", header -> header.putShort(44, (short) 0));
    assertBad("an extent of -5 along axis 1", header -> header.putShort(42, (short) -5));
    assertBad(
        "data type 32 (complex64), expected integers or floats of 8 to 64 bits",
        header -> header.putShort(70, (short) 32));
    assertBad(
        "data type 7 (unknown), expected integers or floats of 8 to 64 bits",
        header -> header.putShort(70, (short) 7));
    assertBad("voxels begin at byte 100, inside the header", header -> header.putFloat(108, 100));
    assertBad("a voxel of 0.0 mm along axis 3", header -> header.putFloat(88, 0));
    assertBad("a voxel of NaN mm along axis 1", header -> header.putFloat(80, Float.NaN));
    assertBad(
        "a volume of [32767, 32767, 32767] voxels exceeds 2^31",
        header -> {
          header.putShort(42, Short.MAX_VALUE);
          header.putShort(44, Short.MAX_VALUE);
          header.putShort(46, Short.MAX_VALUE);
        });
    assertBad(
        "truncated NIfTI file: by its header (dim, datatype) it has 5152 bytes, unpacked",
        header -> header.putShort(46, (short) 300));
  }

  @Test
  void missingTruncatedAndForeignFiles() throws IOException {
    Path missing = folder.resolve("missing.nii");
    assertSentence(missing + ": no such file", () -> NiftiVolume.read(missing));
    assertSentence(folder + ": not a regular file", () -> NiftiVolume.read(folder));
    Path text = Files.writeString(folder.resolve("text.nii"), "hello");
    assertSentence(text + ": not a NIfTI file", () -> NiftiVolume.read(text));
    for (String name : List.of("f4.nii", "f8.nii.gz", "i2.nii")) {
      byte[] whole = resource(name);
      for (int length = 0; length < whole.length; length += 23) {
        Path part = Files.write(folder.resolve("part.nii"), Arrays.copyOf(whole, length));
        assertThrows(DataException.class, () -> NiftiVolume.read(part), name + " " + length);
      }
    }
    Path part = Files.write(folder.resolve("p.nii"), Arrays.copyOf(resource("f4.nii"), 440));
    assertSentence(
        part + ": truncated NIfTI file: by its header (dim, datatype) it has 448 bytes, unpacked",
        () -> NiftiVolume.read(part));
  }

  @Test
  void damagedGzip() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(resource("f4.nii"));
    }
    byte[] damaged = bytes.toByteArray();
    Arrays.fill(damaged, 20, 40, (byte) 0x55);
    Path path = Files.write(folder.resolve("damaged.nii.gz"), damaged);
    String message = assertThrows(DataException.class, () -> NiftiVolume.read(path)).getMessage();
    assertTrue(message.startsWith(path + ": "), message);
  }
}
