package dev.larmor.autograd.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Host memory that MPI reads and writes: blocks that are taken and given back, step after step the
 * same ones, and freed at the end.
 */
final class Staging implements AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> free = new ArrayList<>();

  /** A block of at least {@code bytes} bytes with undefined contents. */
  MemorySegment take(long bytes) {
    MemorySegment block =
        free.stream()
            .filter(each -> each.byteSize() >= bytes)
            .min(Comparator.comparingLong(MemorySegment::byteSize))
            .orElse(null);
    if (block == null) {
      return arena.allocate(align(Math.max(1, bytes)), ALIGNMENT);
    }
    free.remove(block);
    return block;
  }

  /** Gives a block back. */
  void give(MemorySegment block) {
    free.add(block);
  }

  /** Rounds up to where the next tensor begins. */
  static long align(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }

  @Override
  public void close() {
    arena.close();
  }
}
