package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Gzip;
import dev.larmor.models.io.NumberType;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.InflaterInputStream;

/**
 * The voxels behind a text header, or in the file it names.
 *
 * @param file that has them, for messages
 * @param packing how the bytes are written
 * @param type of the numbers
 * @param order of their bytes
 * @param slope by which they are multiplied
 * @param intercept that is then added
 */
record Payload(
    Path file, Packing packing, NumberType type, ByteOrder order, double slope, double intercept) {
  /** How bytes are written. */
  enum Packing {
    /** As they are. */
    RAW,
    /** Deflated, as a gzip member or a zlib stream. */
    DEFLATED,
    /** Each number as a word. */
    TEXT
  }

  /**
   * Reads numbers.
   *
   * @param in at the first byte; able to go back by two
   * @param available bytes until the end of the file
   * @throws DataException if the file has fewer, which is found out before they are allocated
   */
  float[] read(InputStream in, long available, int count) throws IOException {
    long most =
        switch (packing) {
          case RAW -> available / type.bytes();
          case DEFLATED -> Gzip.most(available) / type.bytes();
          case TEXT -> available / 2 + 1; // a digit and a separator
        };
    if (count > most) {
      throw truncated(count);
    }
    try {
      return switch (packing) {
        case RAW -> type.read(in, order, count, slope, intercept);
        case DEFLATED -> {
          try (InputStream inflated = inflated(in)) {
            float[] values = type.read(inflated, order, count, slope, intercept);
            inflated.transferTo(OutputStream.nullOutputStream()); // checks the sum at the end
            yield values;
          }
        }
        case TEXT -> text(in, count);
      };
    } catch (EOFException e) {
      throw truncated(count);
    }
  }

  private DataException truncated(int count) {
    return new DataException(
        "%s: truncated: by its header %d numbers (%s) follow".formatted(file, count, type));
  }

  private static InputStream inflated(InputStream in) throws IOException {
    return Gzip.isNext(in) ? new GZIPInputStream(in, 1 << 16) : new InflaterInputStream(in);
  }

  private float[] text(InputStream in, int count) throws IOException {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      String word = word(in);
      try {
        values[i] = (float) (slope * TextHeader.number(word) + intercept);
      } catch (NumberFormatException e) {
        throw new DataException(
            "%s: '%s' among the voxels, expected a number".formatted(file, word), e);
      }
    }
    return values;
  }

  private static String word(InputStream in) throws IOException {
    byte[] word = new byte[64];
    int length = 0;
    for (int b = in.read(); b >= 0 && length < word.length; b = in.read()) {
      if (b > ' ' && b != ',') {
        word[length++] = (byte) b;
      } else if (length > 0) {
        break;
      }
    }
    if (length == 0) {
      throw new EOFException();
    }
    return new String(word, 0, length, StandardCharsets.US_ASCII);
  }
}
