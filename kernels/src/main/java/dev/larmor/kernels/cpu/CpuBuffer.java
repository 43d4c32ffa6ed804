package dev.larmor.kernels.cpu;

import dev.larmor.engine.Buffer;
import java.lang.foreign.MemorySegment;

/**
 * A block of the machine's memory: 64-byte aligned and a whole number of 64-byte lines, so that a
 * kernel may read and write whole vectors up to the end of a tensor.
 */
record CpuBuffer(MemorySegment segment) implements Buffer {
  @Override
  public long bytes() {
    return segment.byteSize();
  }

  long address() {
    return segment.address();
  }
}
