package dev.larmor.kernels;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Host memory from the C allocator. Unlike an {@code Arena}'s it is not filled with zeros, so pages
 * that are never written are never there: a block costs what is used of it.
 */
public final class HostMemory {
  /** Alignment of every block, bytes: a cache line and a 512-bit vector. */
  public static final long ALIGNMENT = 64;

  private static final MethodHandle ALIGNED_ALLOC =
      function(
          "aligned_alloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE =
      function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private HostMemory() {}

  @SuppressWarnings("restricted") // the C library's own allocator
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  /**
   * A block of {@code bytes} bytes with undefined contents, to be given back by {@link #free}.
   *
   * @throws OutOfMemoryError if the machine has no more
   */
  @SuppressWarnings("restricted") // the allocator's result gets its size
  public static MemorySegment allocate(long bytes) {
    long rounded = Math.ceilDiv(Math.max(1, bytes), ALIGNMENT) * ALIGNMENT;
    MemorySegment block;
    try {
      block = (MemorySegment) ALIGNED_ALLOC.invokeExact(ALIGNMENT, rounded);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (block.address() == 0) {
      throw new OutOfMemoryError("the machine has no " + rounded + " bytes of memory left");
    }
    return block.reinterpret(bytes);
  }

  /** Gives a block back; it must not be used again. */
  public static void free(MemorySegment block) {
    try {
      FREE.invokeExact(block);
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
