package dev.larmor.models.data.image;

import dev.larmor.models.io.NumberType;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Numbers in files for tests, put there by other code than what reads them. */
final class StoredNumbers {
  private StoredNumbers() {}

  /** Fills a buffer to its end: bits that show a wrong sign, width or order. */
  static void put(ByteBuffer file, int from, NumberType type) {
    for (int i = 0; from + i * type.bytes() < file.limit(); i++) {
      int at = from + i * type.bytes();
      switch (type) {
        case FLOAT32 -> file.putFloat(at, 1.25f * i - 3);
        case FLOAT64 -> file.putDouble(at, 1.25 * i - 3);
        default -> {
          for (int b = 0; b < type.bytes(); b++) { // b = 0 is the highest
            boolean big = file.order() == ByteOrder.BIG_ENDIAN;
            file.put(at + (big ? b : type.bytes() - 1 - b), (byte) digit(i, b));
          }
        }
      }
    }
  }

  private static int digit(int i, int b) {
    return b == 0 ? 37 * i : 11 * i + b;
  }

  /** What a reader must give. */
  static float[] expected(NumberType type, int count, double slope, double intercept) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      double stored;
      if (type == NumberType.FLOAT32 || type == NumberType.FLOAT64) {
        stored = 1.25 * i - 3;
      } else {
        byte[] digits = new byte[type.bytes()];
        for (int b = 0; b < digits.length; b++) {
          digits[b] = (byte) digit(i, b);
        }
        boolean signed = type.name().startsWith("I");
        stored = (signed ? new BigInteger(digits) : new BigInteger(1, digits)).doubleValue();
      }
      values[i] = (float) (slope * stored + intercept);
    }
    return values;
  }
}
