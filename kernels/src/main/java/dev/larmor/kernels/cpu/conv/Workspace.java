package dev.larmor.kernels.cpu.conv;

import dev.larmor.kernels.HostMemory;

/** Lays out the parts of a workspace one after the other, each 64-byte aligned. */
final class Workspace {
  private long bytes;

  /** Reserves a part; returns its offset. */
  long reserve(long size) {
    long offset = bytes;
    bytes = Math.addExact(bytes, HostMemory.align(size));
    return offset;
  }

  /** Bytes reserved so far. */
  long bytes() {
    return bytes;
  }
}
