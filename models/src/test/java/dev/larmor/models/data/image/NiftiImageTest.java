package dev.larmor.models.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Python;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.nifti.NiftiVolume;
import dev.larmor.models.io.NumberType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** NIfTI as images: files made byte by byte here, and nibabel's. */
final class NiftiImageTest {
  private static final double C = Math.cos(0.3);
  private static final double S = Math.sin(0.3);

  @TempDir Path folder;

  /** A NIfTI-1 file of 3 x 2 x 2 floats 0 … 11, spacing 1, 2, 3, changed as told. */
  private Path nifti1(ByteOrder order, int bytes, Consumer<ByteBuffer> change) throws IOException {
    ByteBuffer file = ByteBuffer.allocate(352 + bytes).order(order);
    file.putInt(0, 348).putShort(70, (short) 16).putFloat(108, 352).putFloat(76, 1);
    extents(file, 3, 2, 2);
    for (int axis = 1; axis <= 3; axis++) {
      file.putFloat(76 + 4 * axis, axis);
    }
    file.put(344, "n+1\0".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < Math.min(bytes / 4, 12); i++) {
      file.putFloat(352 + 4 * i, i);
    }
    change.accept(file);
    return Files.write(folder.resolve("a.nii"), file.array());
  }

  private Path nifti1(Consumer<ByteBuffer> change) throws IOException {
    return nifti1(ByteOrder.LITTLE_ENDIAN, 48, change);
  }

  private static void extents(ByteBuffer file, int... extents) {
    file.putShort(40, (short) extents.length);
    for (int axis = 0; axis < extents.length; axis++) {
      file.putShort(42 + 2 * axis, (short) extents[axis]);
    }
  }

  private static void sform(ByteBuffer file, int code, double... rows) {
    file.putShort(254, (short) code);
    for (int i = 0; i < 12; i++) {
      file.putFloat(280 + 4 * i, (float) rows[i]);
    }
  }

  /** A turn about z, by an angle whose half has this sine, and an offset of 7, 8, 9. */
  private static void qform(ByteBuffer file, int code, double halfSine) {
    file.putShort(252, (short) code).putFloat(264, (float) halfSine);
    file.putFloat(268, 7).putFloat(272, 8).putFloat(276, 9);
  }

  private static void assertPlace(Image3d image, double[] direction, double... origin) {
    assertArrayEquals(direction, image.place().direction(), 1e-6);
    assertArrayEquals(origin, image.place().origin(), 1e-6);
  }

  @Test
  void axesAndSpacing() throws IOException {
    Image3d image = ImageFile.read(nifti1(file -> file.putFloat(84, -2)));
    assertEquals(1, image.channels());
    assertArrayEquals(new int[] {2, 2, 3}, image.shape());
    assertArrayEquals(new double[] {3, 2, 1}, image.spacing());
    assertArrayEquals(new double[] {1, 2, 3}, image.place().spacing());
    assertArrayEquals(new float[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, image.values());
  }

  /** Every type in both byte orders, scaled, in version 1 and, gzipped, in version 2. */
  @ParameterizedTest
  @EnumSource(NumberType.class)
  void typesOrdersAndVersions(NumberType type) throws IOException {
    int code =
        switch (type) {
          case UINT8 -> 2;
          case INT8 -> 256;
          case UINT16 -> 512;
          case INT16 -> 4;
          case UINT32 -> 768;
          case INT32 -> 8;
          case UINT64 -> 1280;
          case INT64 -> 1024;
          case FLOAT32 -> 16;
          case FLOAT64 -> 64;
        };
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      Path one =
          nifti1(
              order,
              12 * type.bytes(),
              file -> {
                file.putShort(70, (short) code).putFloat(112, 0.5f).putFloat(116, -3);
                StoredNumbers.put(file, 352, type);
              });
      ByteBuffer v2 = ByteBuffer.allocate(544 + 12 * type.bytes()).order(order);
      v2.putInt(0, 540).put(4, "n+2\0\r\n\032\n".getBytes(StandardCharsets.US_ASCII));
      v2.putShort(12, (short) code).putLong(168, 544).putDouble(176, 0.5).putDouble(184, -3);
      long[] dim = {3, 3, 2, 2};
      for (int i = 0; i < 4; i++) {
        v2.putLong(16 + 8 * i, dim[i]).putDouble(104 + 8 * i, i);
      }
      StoredNumbers.put(v2, 544, type);
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
        gzip.write(v2.array());
      }
      Path two = Files.write(folder.resolve("b.nii.gz"), packed.toByteArray());
      for (Path path : new Path[] {one, two}) {
        Image3d image = ImageFile.read(path);
        assertArrayEquals(new double[] {3, 2, 1}, image.spacing());
        assertArrayEquals(StoredNumbers.expected(type, 12, 0.5, -3), image.values());
      }
    }
  }

  @Test
  void aFlatImageIsOneThickSlice() throws IOException {
    Image3d image = ImageFile.read(nifti1(file -> extents(file, 4, 3)));
    assertArrayEquals(new int[] {1, 3, 4}, image.shape());
    assertArrayEquals(new double[] {999 * 2, 2, 1}, image.spacing());
    Image3d slice = ImageFile.read(nifti1(file -> extents(file, 4, 3, 1)));
    assertArrayEquals(new int[] {1, 3, 4}, slice.shape());
    assertArrayEquals(new double[] {3, 2, 1}, slice.spacing());
  }

  @Test
  void aSeriesHasChannels() throws IOException {
    Image3d image = ImageFile.read(nifti1(file -> extents(file, 1, 2, 2, 3)));
    assertEquals(3, image.channels());
    assertArrayEquals(new int[] {2, 2, 1}, image.shape());
    assertArrayEquals(new double[] {3, 2, 1}, image.spacing());
    assertEquals(11, image.values()[11]);
    Image3d vectors = ImageFile.read(nifti1(file -> extents(file, 1, 2, 2, 1, 3)));
    assertEquals(3, vectors.channels());
    Path five = nifti1(file -> extents(file, 1, 1, 2, 2, 3));
    assertBad(five, "dim: extents [1, 1, 2, 2, 3], expected at most 4 axes");
  }

  /** Without a form: ITK's origin and axes, not the voxel sizes alone. */
  @Test
  void noForm() throws IOException {
    assertPlace(
        ImageFile.read(nifti1(file -> {})), new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, 0, 0, 0);
  }

  @Test
  void whichFormCounts() throws IOException {
    double[] turned = {-C, S, 0, -S, -C, 0, 0, 0, 1}; // by 0.3 about z, in LPS
    double[] straight = {-1, 0, 0, 0, -1, 0, 0, 0, 1};
    double[] rows = {1, 0, 0, 4, 0, 2, 0, 5, 0, 0, 3, 6};
    double half = Math.sin(0.15);
    assertPlace(ImageFile.read(nifti1(file -> qform(file, 1, half))), turned, -7, -8, 9);
    assertPlace(ImageFile.read(nifti1(file -> sform(file, 2, rows))), straight, -4, -5, 6);
    // Both: the scanner's sform, but not an atlas's that differs.
    for (int code = 1; code <= 2; code++) {
      int sformCode = code;
      Path path =
          nifti1(file -> {
            qform(file, 1, half);
            sform(file, sformCode, rows);
          });
      assertPlace(
          ImageFile.read(path),
          code == 1 ? straight : turned,
          code == 1 ? new double[] {-4, -5, 6} : new double[] {-7, -8, 9});
    }
    // Both the same within 1e-4: the sform, which is the more exact.
    Path same =
        nifti1(file -> {
          qform(file, 1, half);
          sform(file, 4, C, -2 * S, 0, 7.00005, S, 2 * C, 0, 8, 0, 0, 3, 9);
        });
    assertPlace(ImageFile.read(same), turned, -7.00005, -8, 9);
    // A skewed sform gives way to the qform, and is made rigid if there is none.
    double[] skewed = {1, 0.2, 0, 4, 0.1, 2, 0, 5, 0, 0, 3, 6};
    Path withQ =
        nifti1(file -> {
          qform(file, 1, half);
          sform(file, 1, skewed);
        });
    assertPlace(ImageFile.read(withQ), turned, -7, -8, 9);
    // numpy: u, _, v = svd([[1, .2, 0], [.1, 2, 0], [0, 0, 3]]); u @ v
    double c = 0.9994449069791541;
    double s = 0.03331483023263849;
    assertPlace(
        ImageFile.read(nifti1(file -> sform(file, 1, skewed))),
        new double[] {-c, -s, 0, s, -c, 0, 0, 0, 1},
        -4,
        -5,
        6);
    Path flatSpace = nifti1(file -> sform(file, 1, 1, 1, 0, 0, 2, 2, 0, 0, 0, 0, 3, 0));
    String message =
        assertThrows(DataException.class, () -> ImageFile.read(flatSpace)).getMessage();
    assertTrue(message.endsWith("puts different voxels at the same place"), message);
  }

  @Test
  void qformOfALeftHandedGridInMetres() throws IOException {
    Path path =
        nifti1(file -> {
          file.putFloat(76, -1).put(123, (byte) 1);
          qform(file, 1, 0);
        });
    Image3d image = ImageFile.read(path);
    assertArrayEquals(new double[] {3000, 2000, 1000}, image.spacing());
    assertPlace(image, new double[] {-1, 0, 0, 0, -1, 0, 0, 0, -1}, -7000, -8000, 9000);
  }

  /** Against nibabel: values and affine (resources/…/nifti/expected.txt). */
  @ParameterizedTest
  @ValueSource(strings = {"u1.nii", "i1-scaled.nii.gz", "f8.nii.gz", "u8-scaled.nii.gz"})
  void agreesWithNibabel(String name) throws IOException {
    Path path = folder.resolve(name);
    try (InputStream in = NiftiVolume.class.getResourceAsStream(name)) {
      Files.write(path, in.readAllBytes());
    }
    double[][] expected;
    try (InputStream in = NiftiVolume.class.getResourceAsStream("expected.txt")) {
      expected =
          new String(in.readAllBytes(), StandardCharsets.UTF_8)
              .lines()
              .filter(line -> line.startsWith(name + " "))
              .map(line -> line.substring(name.length() + 1).split(" "))
              .map(words -> Arrays.stream(words).mapToDouble(Double::parseDouble).toArray())
              .toArray(double[][]::new);
    }
    Image3d image = ImageFile.read(path);
    Image3d.Place place = image.place();
    for (int i = 0; i < expected[0].length; i++) {
      assertEquals((float) expected[0][i], image.values()[i]);
    }
    for (int row = 0; row < 3; row++) {
      double sign = row < 2 ? -1 : 1;
      assertEquals(sign * expected[1][4 * row + 3], place.origin()[row], 1e-5);
      for (int axis = 0; axis < 3; axis++) {
        assertEquals(
            sign * expected[1][4 * row + axis],
            place.direction()[3 * row + axis] * place.spacing()[axis],
            1e-5);
      }
    }
  }

  @Test
  void badHeaders() throws IOException {
    assertBad(nifti1(file -> file.putFloat(84, 0)), "a voxel of 0.0 mm along axis 2");
    assertBad(nifti1(file -> file.putFloat(88, Float.NaN)), "a voxel of NaN mm along axis 3");
    assertBad(
        nifti1(file -> extents(file, 32767, 32767, 3)),
        "dim: extents [32767, 32767, 3] with 1 channels, expected positive ones and less than 2^31"
            + " numbers");
    assertBad(
        nifti1(file -> extents(file, 32767, 32767, 32767, 32767)),
        "extents of more than 2^34 numbers");
    assertBad(
        nifti1(file -> extents(file, 3, 2, 2000)),
        "truncated NIfTI file: by its header (dim, datatype) it has 48352 bytes, unpacked");
    assertBad(nifti1(file -> extents(file, 3)), "1 axes, expected 2 to 7");
    assertBad(
        nifti1(file -> file.putFloat(108, 1e30f)),
        "voxels begin at byte 9223372036854775807, expected less than 2^31");
    Path other = Files.writeString(folder.resolve("a.png"), "x");
    assertBad(other, "no known image file, expected one of .nii.gz, .nii, .nrrd, .mha, .mhd");
    assertBad(folder.resolve("missing.nii"), "no such file");
  }

  private static void assertBad(Path path, String reason) {
    String message = assertThrows(DataException.class, () -> ImageFile.read(path)).getMessage();
    assertEquals(path + ": " + reason, message);
  }

  /** A header that promises 8 GB in a gzip file of 100 bytes is refused unread. */
  @Test
  void aPackedHeaderThatLies() throws IOException {
    byte[] plain = Files.readAllBytes(nifti1(file -> extents(file, 1000, 1000, 2000)));
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(plain);
    }
    Path path = Files.write(folder.resolve("lie.nii.gz"), packed.toByteArray());
    assertBad(
        path,
        "truncated NIfTI file: by its header (dim, datatype) it has 8000000352 bytes, unpacked");
  }

  /** The voxels unpack, but they are not those that were packed. */
  @Test
  void aWrongChecksum() throws IOException {
    Path path = folder.resolve("a.nii.gz");
    ImageFile.write(path, random(1, 1), NumberType.FLOAT32);
    byte[] bytes = Files.readAllBytes(path);
    bytes[bytes.length - 5]++; // the sum's last byte
    Files.write(path, bytes);
    assertBad(path, "cannot be read: Corrupt GZIP trailer");
  }

  @Test
  void damage() throws IOException {
    Path path = nifti1(file -> sform(file, 1, 1, 0, 0, 4, 0, 2, 0, 5, 0, 0, 3, 6));
    Damage.check(path, folder.resolve("damaged.nii"));
  }

  private static Image3d random(int channels, int seed) {
    Random random = new Random(seed);
    float[] values = new float[channels * 5 * 4 * 3];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    double[] direction = { // a turn about z, then about x, and y mirrored
      C, S, 0, S * C, -C * C, -S, S * S, -C * S, C
    };
    double[] spacing = {0.75, 1.25, 3.5};
    return new Image3d(
        values,
        channels,
        new int[] {5, 4, 3},
        new double[] {3.5, 1.25, 0.75},
        new Image3d.Place(spacing, new double[] {-12.5, 3.25, 100.125}, direction));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a.nii", "a.nii.gz"})
  void writtenAndReadBack(String name) throws IOException {
    for (int channels = 1; channels <= 2; channels++) {
      Image3d image = random(channels, 3);
      Path path = folder.resolve(name);
      ImageFile.write(path, image, NumberType.FLOAT32);
      byte[] first = Files.readAllBytes(path);
      Image3d back = ImageFile.read(path);
      assertArrayEquals(image.values(), back.values());
      assertArrayEquals(image.shape(), back.shape());
      assertArrayEquals(image.spacing(), back.spacing());
      assertArrayEquals(image.place().origin(), back.place().origin());
      assertArrayEquals(image.place().direction(), back.place().direction(), 1e-7);
      ImageFile.write(path, image, NumberType.FLOAT32);
      assertArrayEquals(first, Files.readAllBytes(path));
    }
  }

  @Test
  void nibabelReadsWhatWeWrite() throws IOException {
    Python.assumeModules("nibabel", "numpy");
    Image3d image = random(2, 4);
    Path path = folder.resolve("a.nii.gz");
    ImageFile.write(path, image, NumberType.FLOAT32);
    String output =
        Python.run(
            """
            import sys, nibabel, numpy
            i = nibabel.load(sys.argv[1])
            print(*i.get_fdata(dtype=numpy.float32).ravel(order='F'))
            for form in (i.affine, i.get_qform()):
                print(*form[:3].ravel())
            print(i.header.get_xyzt_units()[0], *i.shape, *i.header.get_zooms()[:3])
            """,
            path);
    String[] lines = output.split("\n");
    String[] words = lines[0].split(" ");
    for (int i = 0; i < words.length; i++) {
      assertEquals(image.values()[i], Float.parseFloat(words[i]));
    }
    for (int form = 1; form <= 2; form++) {
      double[] affine =
          Arrays.stream(lines[form].split(" ")).mapToDouble(Double::parseDouble).toArray();
      for (int row = 0; row < 3; row++) {
        double sign = row < 2 ? -1 : 1;
        assertEquals(sign * image.place().origin()[row], affine[4 * row + 3], 1e-5);
        for (int axis = 0; axis < 3; axis++) {
          double step = image.place().direction()[3 * row + axis] * image.place().spacing()[axis];
          assertEquals(sign * step, affine[4 * row + axis], 1e-5);
        }
      }
    }
    assertEquals("mm 3 4 5 2 0.75 1.25 3.5", lines[3]);
  }

  /** Every orthonormal frame along the axes, and oblique ones: sform and qform say the same. */
  @Test
  void bothFormsSayTheSame() throws IOException {
    Random random = new Random(1);
    for (int trial = 0; trial < 60; trial++) {
      double[][] m = new double[3][3];
      for (double[] row : m) {
        for (int i = 0; i < 3; i++) {
          row[i] = random.nextGaussian();
        }
      }
      double[][] direction = Axes.nearestOrthonormal(m);
      if (trial < 48) {
        int[][] orders = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        direction = new double[3][3];
        for (int axis = 0; axis < 3; axis++) {
          direction[axis][orders[trial / 8][axis]] = (trial >> axis & 1) == 0 ? 1 : -1;
        }
      }
      double[] flat = Arrays.stream(direction).flatMapToDouble(Arrays::stream).toArray();
      Image3d.Place place =
          new Image3d.Place(new double[] {1, 2, 0.5}, new double[] {1, -2, 3}, flat);
      Path path = folder.resolve("a.nii");
      ImageFile.write(
          path,
          new Image3d(new float[] {1}, 1, new int[] {1, 1, 1}, new double[] {0.5, 2, 1}, place),
          NumberType.UINT8);
      ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(1, file.getShort(252));
      assertEquals(1, file.getShort(254));
      for (int form : new int[] {252, 254}) { // without one, the other is read
        byte[] bytes = file.array().clone();
        bytes[form] = 0;
        Image3d back = ImageFile.read(Files.write(folder.resolve("b.nii"), bytes));
        assertArrayEquals(flat, back.place().direction(), 5e-7, "trial " + trial);
        assertArrayEquals(place.origin(), back.place().origin());
      }
    }
  }

  @Test
  void labels() {
    Image3d.Place place = random(1, 1).place();
    float[] values = {0, 1, 255, 7};
    Image3d image =
        new Image3d(values, 1, new int[] {1, 2, 2}, new double[] {3.5, 1.25, 0.75}, place);
    Path path = folder.resolve("labels.nii.gz");
    for (NumberType type : new NumberType[] {NumberType.UINT8, NumberType.INT16}) {
      ImageFile.write(path, image, type);
      assertArrayEquals(values, ImageFile.read(path).values());
    }
    for (float bad : new float[] {-1, 256, 0.5f, Float.NaN}) {
      Image3d wrong =
          new Image3d(new float[] {bad, 0, 0, 0}, 1, image.shape(), image.spacing(), image.place());
      assertEquals(
          bad + " is no uint8",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> ImageFile.write(path, wrong, NumberType.UINT8))
              .getMessage());
    }
    assertArrayEquals(values, ImageFile.read(path).values()); // the old file stands
    assertThrows(
        IllegalArgumentException.class,
        () -> ImageFile.write(folder.resolve("a.nrrd"), image, NumberType.UINT8));
  }
}
