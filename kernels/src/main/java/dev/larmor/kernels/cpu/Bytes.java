package dev.larmor.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;

/** Moves bytes by address, on the calling thread. */
public final class Bytes {
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private Bytes() {}

  /** Copies {@code rows} runs of {@code run} bytes between two strided layouts. */
  public static void copyRows(
      long from, long fromStride, long to, long toStride, long run, long rows) {
    if (run >= 1024) {
      for (long row = 0; row < rows; row++) {
        copy(from + row * fromStride, to + row * toStride, run);
      }
      return;
    }
    int whole = (int) run / Lanes.BYTES * Lanes.BYTES;
    for (long row = 0; row < rows; row++) {
      long x = from + row * fromStride;
      long y = to + row * toStride;
      int i = 0;
      for (; i < whole; i += Lanes.BYTES) {
        ByteVector.fromMemorySegment(ByteVector.SPECIES_PREFERRED, Lanes.MEMORY, x + i, ORDER)
            .intoMemorySegment(Lanes.MEMORY, y + i, ORDER);
      }
      for (; i + 8 <= run; i += 8) {
        Lanes.MEMORY.set(
            ValueLayout.JAVA_LONG_UNALIGNED,
            y + i,
            Lanes.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, x + i));
      }
      if (i + 4 <= run) {
        Lanes.MEMORY.set(
            ValueLayout.JAVA_INT_UNALIGNED,
            y + i,
            Lanes.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, x + i));
        i += 4;
      }
      if (i + 2 <= run) {
        Lanes.MEMORY.set(
            ValueLayout.JAVA_SHORT_UNALIGNED,
            y + i,
            Lanes.MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, x + i));
        i += 2;
      }
      if (i < run) {
        Lanes.MEMORY.set(
            ValueLayout.JAVA_BYTE, y + i, Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, x + i));
      }
    }
  }

  /** Copies bytes. */
  public static void copy(long from, long to, long bytes) {
    MemorySegment.copy(Lanes.MEMORY, from, Lanes.MEMORY, to, bytes);
  }

  /** Clears bytes. */
  public static void clear(long address, long bytes) {
    if (bytes > 0) {
      Lanes.MEMORY.asSlice(address, bytes).fill((byte) 0);
    }
  }
}
