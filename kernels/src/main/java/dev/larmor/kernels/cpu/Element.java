package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.DType;
import java.lang.foreign.ValueLayout;

/**
 * Single real numbers in memory, of any dtype; of C64, the float at an index of interleaved ones.
 */
final class Element {
  private Element() {}

  static double get(DType dtype, long address, long i) {
    return switch (dtype) {
      case F32, C64 -> Lanes.get(address + FLOAT * i);
      case BF16 -> Lanes.getBf16(address + Short.BYTES * i);
      case F16 ->
          Float.float16ToFloat(Lanes.MEMORY.get(ValueLayout.JAVA_SHORT, address + Short.BYTES * i));
      case F64 -> Lanes.getDouble(address + DOUBLE * i);
      case I32 -> Lanes.MEMORY.get(ValueLayout.JAVA_INT, address + Integer.BYTES * i);
      case U8 -> Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, address + i) & 0xFF;
    };
  }

  /** Sets a number, rounded to the nearest that the dtype has. */
  static void set(DType dtype, long address, long i, double value) {
    switch (dtype) {
      case F32, C64 -> Lanes.set(address + FLOAT * i, (float) value);
      case BF16 -> Lanes.setBf16(address + Short.BYTES * i, (float) value);
      case F16 ->
          Lanes.MEMORY.set(
              ValueLayout.JAVA_SHORT,
              address + Short.BYTES * i,
              Float.floatToFloat16((float) value));
      case F64 -> Lanes.setDouble(address + DOUBLE * i, value);
      case I32 ->
          Lanes.MEMORY.set(
              ValueLayout.JAVA_INT, address + Integer.BYTES * i, (int) Math.rint(value));
      case U8 ->
          Lanes.MEMORY.set(
              ValueLayout.JAVA_BYTE, address + i, (byte) Math.clamp(Math.rint(value), 0, 255));
    }
  }
}
