package dev.larmor.kernels.cpu.conv;

/** Lays out the parts of a workspace one after the other, each 64-byte aligned. */
final class Workspace {
  private long bytes;

  /** Reserves a part; returns its offset. */
  long reserve(long size) {
    long offset = bytes;
    bytes = Math.addExact(bytes, align(size));
    return offset;
  }

  /** Bytes reserved so far. */
  long bytes() {
    return bytes;
  }

  /** Rounds up to a multiple of 64. */
  static long align(long size) {
    return Math.addExact(size, 63) & -64;
  }
}
