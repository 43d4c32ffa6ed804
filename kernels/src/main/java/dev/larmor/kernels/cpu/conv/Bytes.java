package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.cpu.Lanes;
import java.lang.foreign.MemorySegment;

/** Blocks of memory by address. */
final class Bytes {
  private Bytes() {}

  static void clear(long address, long bytes) {
    Lanes.MEMORY.asSlice(address, bytes).fill((byte) 0);
  }

  static void copy(long from, long to, long bytes) {
    MemorySegment.copy(Lanes.MEMORY, from, Lanes.MEMORY, to, bytes);
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
