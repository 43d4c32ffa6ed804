package dev.larmor.kernels.cuda;

import dev.larmor.engine.Buffer;

/** A block of the card's memory, and what is on its way to it. */
final class CudaBuffer implements Buffer {
  final long address;
  private final long bytes;

  /** Number of the last op that was started on this block, or before it was allocated. */
  long lastUse;

  /** Number of the last upload into this block; 0 for none. */
  long upload;

  CudaBuffer(long address, long bytes, long lastUse) {
    this.address = address;
    this.bytes = bytes;
    this.lastUse = lastUse;
  }

  @Override
  public long bytes() {
    return bytes;
  }
}
