package dev.larmor.models.data.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.NumberType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class NrrdImageTest {
  private static final String TEXT = "encoding: ascii\ntype: float\n";

  @TempDir Path folder;

  private Path file(String fields, byte[] voxels) throws IOException {
    byte[] header =
        ("NRRD0004\n# a comment\nkey:=value\n" + fields + "\n").getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(header.length + voxels.length).put(header).put(voxels);
    return Files.write(folder.resolve("a.in.nrrd"), bytes.array());
  }

  private Path text(String fields, String voxels) throws IOException {
    return file(TEXT + fields, voxels.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(bytes);
    }
    return packed.toByteArray();
  }

  private static List<String> names(NumberType type) {
    return switch (type) {
      case UINT8 -> List.of("uchar", "unsigned char", "uint8", "uint8_t");
      case INT8 -> List.of("signed char", "int8", "int8_t");
      case UINT16 -> List.of("ushort", "unsigned short", "uint16_t");
      case INT16 -> List.of("short", "short int", "int16");
      case UINT32 -> List.of("uint", "unsigned int", "uint32");
      case INT32 -> List.of("int", "signed int", "int32_t");
      case UINT64 -> List.of("ulonglong", "unsigned long long", "uint64");
      case INT64 -> List.of("longlong", "long long int", "int64");
      case FLOAT32 -> List.of("float");
      case FLOAT64 -> List.of("double");
    };
  }

  @ParameterizedTest
  @EnumSource(NumberType.class)
  void typesOrdersAndEncodings(NumberType type) throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      ByteBuffer voxels = ByteBuffer.allocate(12 * type.bytes()).order(order);
      StoredNumbers.put(voxels, 0, type);
      for (String name : names(type)) {
        for (String encoding : List.of("raw", "gzip")) {
          Path path =
              file(
                  "type: %s\ndimension: 3\nsizes: 3 2 2\nendian: %s\nencoding: %s\n"
                      .formatted(name, order == ByteOrder.BIG_ENDIAN ? "big" : "little", encoding),
                  encoding.equals("raw") ? voxels.array() : gzip(voxels.array()));
          Image3d image = ImageFile.read(path);
          assertArrayEquals(new int[] {2, 2, 3}, image.shape());
          assertArrayEquals(StoredNumbers.expected(type, 12, 1, 0), image.values());
        }
      }
    }
  }

  @Test
  void spacingsAndText() throws IOException {
    Image3d image =
        ImageFile.read(
            text("dimension: 3\nsizes: 2 1 2\nspacings: 1 -2.5 3\n", "1 -2.5e0\n3, nan\n"));
    assertArrayEquals(new double[] {3, 2.5, 1}, image.spacing());
    assertArrayEquals(new float[] {1, -2.5f, 3, Float.NaN}, image.values());
    assertArrayEquals(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, image.place().direction());
  }

  @Test
  void aFlatImage() throws IOException {
    Image3d image =
        ImageFile.read(text("dimension: 2\nsizes: 2 3\nspacings: 0.5 2\n", "1 2 3 4 5 6"));
    assertArrayEquals(new int[] {1, 3, 2}, image.shape());
    assertArrayEquals(new double[] {999 * 2, 2, 0.5}, image.spacing());
    Image3d tilted =
        ImageFile.read(
            text(
                """
                dimension: 2
                sizes: 1 1
                space: LPS
                space directions: (0,2,0) (0,0,3)
                space origin: (1,2,3)
                """,
                "1"));
    assertArrayEquals(new double[] {999 * 3, 3, 2}, tilted.spacing());
    assertArrayEquals(new double[] {0, 0, 1, 1, 0, 0, 0, 1, 0}, tilted.place().direction());
  }

  @Test
  void directionsOfAllSpaces() throws IOException {
    double[][] signs = {{1, 1, 1}, {-1, -1, 1}, {1, -1, 1}, {1, 1, 1}};
    String[] spaces = {
      "left-posterior-superior", "right-anterior-superior", "LAS", "3D-right-handed"
    };
    for (int i = 0; i < 4; i++) {
      Image3d image =
          ImageFile.read(
              text(
                  """
                  space: %s
                  dimension: 3
                  sizes: 1 1 1
                  kinds: domain domain domain
                  space directions: (0,3,0) (0.6, 0, 0.8) (-8,0,6)
                  space origin: (1,2,3)
                  """
                      .formatted(spaces[i]),
                  "5"));
      double[] s = signs[i];
      assertArrayEquals(new double[] {10, 1, 3}, image.spacing(), 1e-12);
      assertArrayEquals(new double[] {s[0], 2 * s[1], 3 * s[2]}, image.place().origin());
      assertArrayEquals(
          new double[] {0, 0.6 * s[0], -0.8 * s[0], s[1], 0, 0, 0, 0.8 * s[2], 0.6 * s[2]},
          image.place().direction(),
          1e-12);
    }
  }

  /** Channels first are interleaved, channels last are not. */
  @Test
  void channels() throws IOException {
    Image3d vectors =
        ImageFile.read(
            text(
                """
                dimension: 4
                sizes: 2 1 1 3
                space: LPS
                kinds: vector domain domain domain
                space directions: none (1,0,0) (0,2,0) (0,0,3)
                """,
                "1 10 2 20 3 30"));
    assertEquals(2, vectors.channels());
    assertArrayEquals(new int[] {3, 1, 1}, vectors.shape());
    assertArrayEquals(new double[] {3, 2, 1}, vectors.spacing());
    assertArrayEquals(new float[] {1, 2, 3, 10, 20, 30}, vectors.values());

    Image3d series =
        ImageFile.read(
            text("dimension: 4\nsizes: 1 1 3 2\nspacings: 1 2 3 nan\n", "1 2 3 10 20 30"));
    assertEquals(2, series.channels());
    assertArrayEquals(new int[] {3, 1, 1}, series.shape());
    assertArrayEquals(new double[] {3, 2, 1}, series.spacing());
    assertArrayEquals(new float[] {1, 2, 3, 10, 20, 30}, series.values());

    Image3d colours =
        ImageFile.read(
            text("dimension: 3\nsizes: 3 2 1\nkinds: RGB-color domain domain\n", "1 2 3 4 5 6"));
    assertEquals(3, colours.channels());
    assertArrayEquals(new int[] {1, 1, 2}, colours.shape());
    assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, colours.values());
  }

  private static void assertBad(Path path, String reason) {
    String message = assertThrows(DataException.class, () -> ImageFile.read(path)).getMessage();
    assertEquals(path + ": " + reason, message);
  }

  @Test
  void badHeaders() throws IOException {
    String three = "dimension: 3\nsizes: 1 1 1\n";
    assertBad(text("sizes: 1 1 1\n", "1"), "dimension: missing");
    assertBad(text("dimension: 5\nsizes: 1 1 1 1 1\n", "1"), "dimension: 5, expected 2 to 4");
    assertBad(text("dimension: 3\nsizes: 1 1\n", "1"), "sizes: 2 values, expected 3");
    assertBad(text("dimension: 3\nsizes: 1 one 1\n", "1"), "sizes: 'one', expected a whole number");
    for (String sizes : List.of("[-2, 1, 1]", "[0, 1, 1]", "[2000, 2000, 2000]")) {
      assertBad(
          text("dimension: 3\nsizes: " + sizes.replaceAll("[\\[\\],]", "") + "\n", "1"),
          "sizes: extents "
              + sizes
              + " with 1 channels, expected positive ones and less than 2^31 numbers");
    }
    assertBad(
        text("dimension: 3\nsizes: 1000 1000 1000\n", "1"),
        "truncated: by its header 1000000000 numbers (float32) follow");
    assertBad(text(three + "sizes: 1 1 1\n", "1"), "sizes: given twice");
    assertBad(text(three + "spacings: 1 0 1\n", "1"), "a voxel of 0.0 mm along axis 2");
    assertBad(text(three + "spacings: 1 x 1\n", "1"), "spacings: 'x', expected a number");
    assertBad(
        text(three + "data file: a.raw\n", "1"),
        "data file: the voxels are in another file, expected them in this one");
    assertBad(
        text(three + "byte skip: 5\n", "1"),
        "byte skip: 5, expected the voxels right after the header");
    assertBad(text(three + "nonsense\n", "1"), "'nonsense' in the header, expected 'field: value'");
    assertBad(
        text(three + "space directions: (1,0,0) (0,1,0)\n", "1"),
        "space directions: '(1,0,0) (0,1,0)', expected 3 vectors");
    assertBad(
        text(three + "space directions: (1,0,0) (0,1) (1,2,3,4)\n", "1"),
        "space directions: (1,2,3,4), expected 2 or 3 numbers");
    assertBad(
        text(three + "kinds: domain vector domain\n", "1"),
        "kinds: domain vector domain, expected axes of space and at most one, the first or the last,"
            + " of channels");
    assertBad(text(three, "one"), "'one' among the voxels, expected a number");
    assertBad(text(three, ""), "truncated: by its header 1 numbers (float32) follow");
    assertBad(
        file(three + "type: block\nencoding: raw\n", new byte[1]),
        "type: 'block', expected one of "
            + "double, float, int, int16, int16_t, int32, int32_t, int64, int64_t, int8, int8_t, long long,"
            + " long long int, longlong, short, short int, signed char, signed int, signed long long,"
            + " signed long long int, signed short, signed short int, uchar, uint, uint16, uint16_t, uint32,"
            + " uint32_t, uint64, uint64_t, uint8, uint8_t, ulonglong, unsigned char, unsigned int, unsigned"
            + " long long, unsigned long long int, unsigned short, unsigned short int, ushort");
    assertBad(
        file(three + "type: short\nencoding: bzip2\n", new byte[2]),
        "encoding: 'bzip2', expected one of ascii, gz, gzip, raw, text, txt");
    assertBad(file(three + "type: short\nencoding: raw\n", new byte[2]), "endian: missing");
    assertBad(
        file(three + "type: short\nencoding: raw\nendian: big\n", new byte[1]),
        "truncated: by its header 1 numbers (int16) follow");
    assertBad(Files.writeString(folder.resolve("b.nrrd"), "hello"), "not an NRRD file");
    assertBad(
        Files.writeString(folder.resolve("b.nrrd"), "NRRD0004\ntype: int\n"),
        "truncated: no empty line after the header");
    assertBad(
        Files.write(folder.resolve("b.nrrd"), new byte[2 << 20]),
        "no end of the header in its first 1048576 bytes");
  }

  @Test
  void damage() throws IOException {
    ByteBuffer voxels = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    StoredNumbers.put(voxels, 0, NumberType.INT16);
    String fields =
        "type: short\ndimension: 3\nspace: RAS\nsizes: 3 2 2\nendian: little\n"
            + "space directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (1,2,3)\nencoding: ";
    Path damaged = folder.resolve("damaged.nrrd");
    Damage.check(file(fields + "raw\n", voxels.array()), damaged);
    Damage.check(file(fields + "gzip\n", gzip(voxels.array())), damaged);
  }
}
