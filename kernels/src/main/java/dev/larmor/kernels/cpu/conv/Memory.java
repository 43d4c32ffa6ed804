package dev.larmor.kernels.cpu.conv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Raw memory by address, for kernels whose operands have been checked by the engine. */
@SuppressWarnings("restricted") // the addresses come from live tensors and workspaces
final class Memory {

  /** All memory of the process; an offset into it is an address. */
  static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Memory() {}

  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, ALL, address, ORDER);
  }

  static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(ALL, address, ORDER);
  }

  /** The float at an address, in all lanes. */
  static FloatVector broadcast(long address) {
    return FloatVector.broadcast(FLOATS, getFloat(address));
  }

  static float getFloat(long address) {
    return ALL.get(ValueLayout.JAVA_FLOAT_UNALIGNED, address);
  }

  static void setFloat(long address, float value) {
    ALL.set(ValueLayout.JAVA_FLOAT_UNALIGNED, address, value);
  }

  /** Stores a float as bfloat16, rounded to nearest, ties to even. */
  static void setBf16(long address, float value) {
    int bits = Float.floatToRawIntBits(value);
    int rounded = Float.isNaN(value) ? bits | 0x400000 : bits + 0x7fff + ((bits >>> 16) & 1);
    ALL.set(ValueLayout.JAVA_SHORT_UNALIGNED, address, (short) (rounded >>> 16));
  }

  static float getBf16(long address) {
    return Float.intBitsToFloat(ALL.get(ValueLayout.JAVA_SHORT_UNALIGNED, address) << 16);
  }

  static void clear(long address, long bytes) {
    ALL.asSlice(address, bytes).fill((byte) 0);
  }

  static void copy(long from, long to, long bytes) {
    MemorySegment.copy(ALL, from, ALL, to, bytes);
  }

  /**
   * Copies rows of equal length between two strided layouts.
   *
   * @param fromStride bytes from one row to the next in the source
   * @param toStride bytes from one row to the next in the target
   */
  static void copyRows(
      long from, long fromStride, long to, long toStride, long rowBytes, long rows) {
    for (long row = 0; row < rows; row++) {
      copy(from + row * fromStride, to + row * toStride, rowBytes);
    }
  }
}
