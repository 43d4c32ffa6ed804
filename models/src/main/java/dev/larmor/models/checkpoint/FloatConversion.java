package dev.larmor.models.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Floating-point numbers of a file in another type. */
final class FloatConversion {
  private static final ValueLayout.OfFloat F32 =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfDouble F64 =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private FloatConversion() {}

  /**
   * The same numbers, on the heap.
   *
   * @param type F64, F32, F16 or BF16
   * @param wanted F32 or F64
   */
  static MemorySegment convert(MemorySegment from, ElementType type, ElementType wanted) {
    int elements = Math.toIntExact(from.byteSize() / type.bytes());
    MemorySegment to =
        MemorySegment.ofArray(new byte[Math.multiplyExact(elements, wanted.bytes())]);
    for (long i = 0; i < elements; i++) {
      double value =
          switch (type) {
            case F64 -> from.get(F64, 8 * i);
            case F32 -> from.get(F32, 4 * i);
            case F16 -> Float.float16ToFloat(from.get(HALF, 2 * i));
            case BF16 -> Float.intBitsToFloat(from.get(HALF, 2 * i) << 16);
            default -> throw new IllegalArgumentException(type + " is no floating-point type");
          };
      switch (wanted) {
        case F64 -> to.set(F64, 8 * i, value);
        case F32 -> to.set(F32, 4 * i, (float) value);
        default -> throw new IllegalArgumentException("nothing is converted to " + wanted);
      }
    }
    return to;
  }
}
