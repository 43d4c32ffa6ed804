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
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class MetaImageTest {
  private static final String TEXT = "BinaryData = False\nElementType = MET_FLOAT\n";

  @TempDir Path folder;

  private Path file(String fields, byte[] voxels) throws IOException {
    byte[] header =
        ("ObjectType = Image\n" + fields + "ElementDataFile = LOCAL\n")
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(header.length + voxels.length).put(header).put(voxels);
    return Files.write(folder.resolve("a.mha"), bytes.array());
  }

  private Path text(String fields, String voxels) throws IOException {
    return file(TEXT + fields, voxels.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] deflated(byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      deflater.write(bytes);
    }
    return packed.toByteArray();
  }

  private static List<String> names(NumberType type) {
    return switch (type) {
      case UINT8 -> List.of("MET_UCHAR");
      case INT8 -> List.of("MET_CHAR");
      case UINT16 -> List.of("MET_USHORT");
      case INT16 -> List.of("MET_SHORT");
      case UINT32 -> List.of("MET_UINT", "MET_ULONG");
      case INT32 -> List.of("MET_INT", "MET_LONG");
      case UINT64 -> List.of("MET_ULONG_LONG");
      case INT64 -> List.of("MET_LONG_LONG");
      case FLOAT32 -> List.of("MET_FLOAT");
      case FLOAT64 -> List.of("MET_DOUBLE");
    };
  }

  @ParameterizedTest
  @EnumSource(NumberType.class)
  void typesOrdersAndCompression(NumberType type) throws IOException {
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      boolean big = order == ByteOrder.BIG_ENDIAN;
      ByteBuffer voxels = ByteBuffer.allocate(12 * type.bytes()).order(order);
      StoredNumbers.put(voxels, 0, type);
      for (String name : names(type)) {
        for (boolean compressed : new boolean[] {false, true}) {
          Path path =
              file(
                  """
                  NDims = 3
                  BinaryData = True
                  BinaryDataByteOrderMSB = %s
                  CompressedData = %s
                  ElementSpacing = 1 2 3
                  DimSize = 3 2 2
                  ElementType = %s
                  ElementToIntensityFunctionSlope = 2
                  ElementToIntensityFunctionOffset = 1
                  """
                      .formatted(big ? "True" : "False", compressed ? "True" : "False", name),
                  compressed ? deflated(voxels.array()) : voxels.array());
          Image3d image = ImageFile.read(path);
          assertArrayEquals(new int[] {2, 2, 3}, image.shape());
          assertArrayEquals(new double[] {3, 2, 1}, image.spacing());
          assertArrayEquals(StoredNumbers.expected(type, 12, 2, 1), image.values());
        }
      }
    }
  }

  @Test
  void place() throws IOException {
    Image3d image =
        ImageFile.read(
            text(
                """
                NDims = 3
                DimSize = 1 1 1
                ElementSpacing = 1 -2 3
                Offset = 4 5 6
                TransformMatrix = 0 1 0 0.6 0 0.8 0.8 0 -0.6
                """,
                "7"));
    assertArrayEquals(new double[] {3, 2, 1}, image.spacing());
    assertArrayEquals(new double[] {4, 5, 6}, image.place().origin());
    // The axes are the file's rows and the direction's columns.
    assertArrayEquals(
        new double[] {0, 0.6, 0.8, 1, 0, 0, 0, 0.8, -0.6}, image.place().direction(), 1e-12);
  }

  @Test
  void flatImagesSeriesAndVectors() throws IOException {
    Image3d flat =
        ImageFile.read(
            text(
                """
                NDims = 2
                DimSize = 2 3
                ElementSpacing = 0.5 2
                Origin = 1 2
                Orientation = 0 1 -1 0
                """,
                "1 2 3 4 5 6"));
    assertArrayEquals(new int[] {1, 3, 2}, flat.shape());
    assertArrayEquals(new double[] {999 * 2, 2, 0.5}, flat.spacing());
    assertArrayEquals(new double[] {1, 2, 0}, flat.place().origin());
    assertArrayEquals(new double[] {0, -1, 0, 1, 0, 0, 0, 0, 1}, flat.place().direction(), 1e-12);
    Image3d series =
        ImageFile.read(
            text(
                """
                NDims = 4
                DimSize = 1 1 3 2
                ElementSpacing = 1 2 3 9
                Offset = 1 2 3 4
                TransformMatrix = 0 1 0 0 1 0 0 0 0 0 1 0 0 0 0 1
                """,
                "1 2 3 10 20 30"));
    assertEquals(2, series.channels());
    assertArrayEquals(new int[] {3, 1, 1}, series.shape());
    assertArrayEquals(new double[] {3, 2, 1}, series.spacing());
    assertArrayEquals(new float[] {1, 2, 3, 10, 20, 30}, series.values());
    assertArrayEquals(new double[] {0, 1, 0, 1, 0, 0, 0, 0, 1}, series.place().direction());
    Image3d vectors =
        ImageFile.read(
            text("NDims = 3\nDimSize = 1 1 3\nElementNumberOfChannels = 2\n", "1 10 2 20 3 30"));
    assertEquals(2, vectors.channels());
    assertArrayEquals(new float[] {1, 2, 3, 10, 20, 30}, vectors.values());
  }

  @Test
  void voxelsInAnotherFile() throws IOException {
    ByteBuffer voxels = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    StoredNumbers.put(voxels, 0, NumberType.INT16);
    Path header = folder.resolve("a.mhd");
    String fields = "NDims = 3\nDimSize = 3 2 2\nElementType = MET_SHORT\n";
    float[] expected = StoredNumbers.expected(NumberType.INT16, 12, 1, 0);
    Path raw = Files.write(folder.resolve("a.raw"), voxels.array());
    Files.writeString(header, fields + "ElementDataFile = a.raw\n");
    assertArrayEquals(expected, ImageFile.read(header).values());
    Files.write(folder.resolve("a.zraw"), deflated(voxels.array()));
    Files.writeString(header, fields + "CompressedData = True\nElementDataFile = a.zraw\n");
    assertArrayEquals(expected, ImageFile.read(header).values());

    Files.write(raw, ByteBuffer.allocate(31).put(7, voxels.array()).array());
    for (int size : new int[] {7, -1}) {
      Files.writeString(header, fields + "HeaderSize = " + size + "\nElementDataFile = a.raw\n");
      assertArrayEquals(expected, ImageFile.read(header).values());
    }
    Files.writeString(header, fields + "HeaderSize = 32\nElementDataFile = a.raw\n");
    assertBad(header, "HeaderSize: 32 in a file of 31 bytes");
    Files.writeString(header, fields + "ElementDataFile = b.raw\n");
    assertBad(header, "ElementDataFile: no such file: " + folder.resolve("b.raw"));
    Files.writeString(header, fields + "ElementDataFile = LIST\na.raw\n");
    assertBad(header, "ElementDataFile: 'LIST', expected one file");
    Files.write(raw, new byte[23]);
    Files.writeString(header, fields + "ElementDataFile = a.raw\n");
    assertEquals(
        raw + ": truncated: by its header 12 numbers (int16) follow",
        assertThrows(DataException.class, () -> ImageFile.read(header)).getMessage());
  }

  private static void assertBad(Path path, String reason) {
    String message = assertThrows(DataException.class, () -> ImageFile.read(path)).getMessage();
    assertEquals(path + ": " + reason, message);
  }

  @Test
  void badHeaders() throws IOException {
    String three = "NDims = 3\nDimSize = 1 1 1\n";
    assertBad(text("DimSize = 1 1 1\n", "1"), "NDims: missing");
    assertBad(text("NDims = 1\nDimSize = 1\n", "1"), "NDims: 1, expected 2 to 4");
    assertBad(text("NDims = 3\nDimSize = 1 1\n", "1"), "DimSize: 2 values, expected 3");
    assertBad(
        text("NDims = 3\nDimSize = 1 -1 1\n", "1"),
        "DimSize: extents [1, -1, 1] with 1 channels, expected positive ones and less than 2^31"
            + " numbers");
    assertBad(
        text("NDims = 3\nDimSize = 9223372036854775807 2 1\n", "1"),
        "DimSize: extents [9223372036854775807, 2, 1] with 1 channels, expected positive ones and less"
            + " than 2^31 numbers");
    assertBad(
        text(three + "ElementNumberOfChannels = 0\n", "1"),
        "DimSize: extents [1, 1, 1] with 0 channels, expected positive ones and less than 2^31"
            + " numbers");
    assertBad(text(three + "ElementSpacing = 1 1 0\n", "1"), "a voxel of 0.0 mm along axis 3");
    assertBad(
        text(three + "TransformMatrix = 1 0 0 0 0 0 0 0 1\n", "1"),
        "directions [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]] and origin [0.0, 0.0, 0.0],"
            + " expected finite numbers and no axis of length zero");
    assertBad(text(three + "nonsense\n", "1"), "'nonsense' in the header, expected 'key = value'");
    assertBad(
        file(three + "ElementType = MET_UCHAR\nCompressedData = maybe\n", new byte[1]),
        "CompressedData: 'maybe', expected one of 0, 1, false, true");
    assertBad(
        file(three + "ElementType = MET_STRING\n", new byte[1]),
        "ElementType: 'MET_STRING', expected one of MET_CHAR, MET_DOUBLE, MET_FLOAT, MET_INT,"
            + " MET_LONG, MET_LONG_LONG, MET_SHORT, MET_UCHAR, MET_UINT, MET_ULONG,"
            + " MET_ULONG_LONG, MET_USHORT");
    assertBad(
        file(three + "ElementType = MET_SHORT\n", new byte[1]),
        "truncated: by its header 1 numbers (int16) follow");
    assertBad(Files.writeString(folder.resolve("b.mha"), "hello\n"), "not a MetaImage file");
    assertBad(
        Files.writeString(folder.resolve("b.mha"), "NDims = 3\n"), "ElementDataFile: missing");
    assertBad(
        Files.writeString(folder.resolve("b.mha"), "ObjectType = Tube\nElementDataFile = LOCAL\n"),
        "ObjectType: Tube, expected Image");
  }

  @Test
  void damage() throws IOException {
    ByteBuffer voxels = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    StoredNumbers.put(voxels, 0, NumberType.INT16);
    String fields =
        """
        NDims = 3
        Offset = 1 2 3
        TransformMatrix = 1 0 0 0 1 0 0 0 1
        DimSize = 3 2 2
        ElementType = MET_SHORT
        """;
    Path damaged = folder.resolve("damaged.mha");
    Damage.check(file(fields, voxels.array()), damaged);
    Damage.check(file(fields + "CompressedData = True\n", deflated(voxels.array())), damaged);
  }
}
