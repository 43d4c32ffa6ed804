package dev.larmor.kernels;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Host memory from the C library and, in large blocks on Linux, from the kernel. Unlike an {@code
 * Arena}'s it is not filled with zeros, so pages that are never written are never there: a block
 * costs what is used of it.
 *
 * <p>Large blocks are mapped, so that freeing returns them to the system whatever else is held, and
 * ask for huge pages: the first touch of a block is then some ten times faster, and the kernels
 * miss the translation cache less often.
 */
public final class HostMemory {
  /** Alignment of every block, bytes: a cache line and a 512-bit vector. */
  public static final long ALIGNMENT = 64;

  /** Blocks of this size or more are mapped. */
  private static final long LARGE = 256 << 10;

  /** Blocks are whole pages of this size, or of smaller ones that divide it. */
  private static final long PAGE = 64 << 10;

  private static final long HUGE_PAGE = 2 << 20;

  private static final boolean LINUX = System.getProperty("os.name").equals("Linux");

  // Linux, all architectures that Java 25 runs on
  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
  private static final int MADV_HUGEPAGE = 14;

  private static final MethodHandle ALIGNED_ALLOC =
      function(
          "aligned_alloc",
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE =
      function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle MADVISE =
      function(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private HostMemory() {}

  @SuppressWarnings("restricted") // the C library's own functions
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.defaultLookup().find(name).map(f -> linker.downcallHandle(f, type)).orElse(null);
  }

  /**
   * A block of {@code bytes} bytes with undefined contents, to be given back by {@link #free}.
   *
   * @throws OutOfMemoryError if the machine has no more
   */
  @SuppressWarnings("restricted") // the allocator's result gets its size
  public static MemorySegment allocate(long bytes) {
    long rounded = align(Math.max(1, bytes));
    MemorySegment block;
    try {
      block =
          isMapped(bytes)
              ? MemorySegment.ofAddress(map(bytes))
              : (MemorySegment) ALIGNED_ALLOC.invokeExact(ALIGNMENT, rounded);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
    if (block.address() == 0) {
      throw outOfMemory(rounded);
    }
    return block.reinterpret(bytes);
  }

  /** Rounds up to a multiple of {@link #ALIGNMENT}. */
  public static long align(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) & -ALIGNMENT;
  }

  /** Gives a block back; it must not be used again. */
  public static void free(MemorySegment block) {
    try {
      if (isMapped(block.byteSize())) {
        unmap(block.address(), pages(block.byteSize()));
      } else {
        FREE.invokeExact(block);
      }
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private static boolean isMapped(long bytes) {
    return LINUX && bytes >= LARGE;
  }

  /** Bytes rounded up to whole pages. */
  private static long pages(long bytes) {
    return Math.addExact(bytes, PAGE - 1) & -PAGE;
  }

  private static long map(long bytes) throws Throwable {
    long size = pages(bytes);
    if (size < HUGE_PAGE) {
      return mapPages(size);
    }
    // Map more than is needed, keep what starts on a huge page.
    long start = mapPages(size + HUGE_PAGE);
    long block = start + HUGE_PAGE - 1 & -HUGE_PAGE;
    unmap(start, block - start);
    unmap(block + size, start + HUGE_PAGE - block);
    // Whole huge pages only: the rest of the block costs no more than its bytes. It is advice;
    // where the system does not take it, ordinary pages serve.
    int _ = (int) MADVISE.invokeExact(block, size & -HUGE_PAGE, MADV_HUGEPAGE);
    return block;
  }

  private static long mapPages(long size) throws Throwable {
    long start = (long) MMAP.invokeExact(0L, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
    if (start == -1) {
      throw outOfMemory(size);
    }
    return start;
  }

  private static void unmap(long start, long size) throws Throwable {
    if (size > 0 && (int) MUNMAP.invokeExact(start, size) != 0) {
      throw new AssertionError("munmap of " + size + " bytes failed");
    }
  }

  private static OutOfMemoryError outOfMemory(long bytes) {
    return new OutOfMemoryError("the machine has no " + bytes + " bytes of memory left");
  }
}
