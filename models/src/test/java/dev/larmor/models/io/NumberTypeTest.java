package dev.larmor.models.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class NumberTypeTest {
  private static float[] extremes(NumberType type) {
    return switch (type) {
      case UINT8 -> new float[] {0, 255, 7};
      case INT8 -> new float[] {-128, 127, -7};
      case UINT16 -> new float[] {0, 65535, 700};
      case INT16 -> new float[] {-32768, 32767, -700};
      case UINT32 -> new float[] {0, 0x1.fffffep31f, 70000};
      case INT32 -> new float[] {-0x1p31f, 0x1.fffffep30f, -70000};
      case UINT64 -> new float[] {0, 0x1.fffffep63f, 0x1p62f};
      case INT64 -> new float[] {-0x1p63f, 0x1.fffffep62f, -0x1p40f};
      case FLOAT32, FLOAT64 -> new float[] {Float.MAX_VALUE, Float.NaN, -0.0f};
    };
  }

  /** More than one block, so that its end is in the middle. */
  @ParameterizedTest
  @EnumSource(NumberType.class)
  void writtenAndRead(NumberType type) throws IOException {
    float[] values = new float[20_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = extremes(type)[i % 3];
    }
    for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      type.write(out, order, values);
      assertEquals(20_000 * type.bytes(), out.size());
      ByteArrayInputStream in = new ByteArrayInputStream(out.toByteArray());
      assertArrayEquals(values, type.read(in, order, values.length, 1, 0));
      assertThrows(EOFException.class, () -> type.read(in, order, 1, 1, 0));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = NumberType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"FLOAT32", "FLOAT64"})
  void whatAnIntegerDoesNotHold(NumberType type) {
    float[] ends = extremes(type);
    for (float bad :
        new float[] {
          0.5f, Float.NaN, Float.POSITIVE_INFINITY, Math.nextDown(2 * ends[0] - 1), 2 * ends[1] + 2
        }) {
      assertThrows(
          IllegalArgumentException.class,
          () -> type.write(new ByteArrayOutputStream(), ByteOrder.BIG_ENDIAN, new float[] {bad}),
          type + " " + bad);
    }
  }
}
