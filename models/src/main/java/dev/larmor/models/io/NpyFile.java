package dev.larmor.models.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * NumPy's file of one array (<a
 * href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">format 1.0</a>).
 */
public final class NpyFile {
  private static final int ALIGNMENT = 64;

  private NpyFile() {}

  /**
   * Writes {@code float64[rows, columns]}, in the old file's place.
   *
   * @param columns the length of every row, which an array without rows has too
   */
  public static void write(Path file, double[][] rows, int columns) {
    String header =
        "{'descr': '<f8', 'fortran_order': False, 'shape': (%d, %d), }"
            .formatted(rows.length, columns);
    int before = 10; // magic, version, the header's length
    int length = (before + header.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - before;
    ByteBuffer bytes =
        ByteBuffer.allocate(before + length + 8 * columns * rows.length)
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.put((byte) 0x93).put("NUMPY".getBytes(StandardCharsets.US_ASCII));
    bytes.put((byte) 1).put((byte) 0).putShort((short) length);
    bytes.put(header.getBytes(StandardCharsets.US_ASCII));
    while (bytes.position() < before + length - 1) {
      bytes.put((byte) ' ');
    }
    bytes.put((byte) '\n');
    for (double[] row : rows) {
      for (double value : row) {
        bytes.putDouble(value);
      }
    }
    try (AtomicFile out = AtomicFile.replace(file)) {
      out.write(bytes.flip());
      out.commit();
    }
  }
}
