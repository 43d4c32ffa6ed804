package dev.larmor.models.io;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NpyFileTest {
  @TempDir private Path folder;

  /** The format's words, byte for byte. */
  @Test
  void theFormat() throws IOException {
    Path file = folder.resolve("a.npy");
    for (int rows = 0; rows < 3; rows++) {
      double[][] values = new double[rows][];
      for (int r = 0; r < rows; r++) {
        values[r] = new double[] {r, 0.1 + r};
      }
      NpyFile.write(file, values, 2);
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals((byte) 0x93, bytes.get());
      byte[] magic = new byte[7];
      bytes.get(magic);
      assertEquals("NUMPY\1\0", new String(magic, StandardCharsets.ISO_8859_1));
      byte[] header = new byte[bytes.getShort()];
      bytes.get(header);
      String text = new String(header, StandardCharsets.US_ASCII);
      assertEquals(
          "{'descr': '<f8', 'fortran_order': False, 'shape': (" + rows + ", 2), }", text.strip());
      assertEquals('\n', text.charAt(text.length() - 1));
      assertEquals(0, bytes.position() % 64);
      for (double[] row : values) {
        assertEquals(row[0], bytes.getDouble());
        assertEquals(row[1], bytes.getDouble());
      }
      assertEquals(0, bytes.remaining());
    }
  }
}
