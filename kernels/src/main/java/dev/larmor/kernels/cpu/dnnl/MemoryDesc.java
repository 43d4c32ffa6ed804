package dev.larmor.kernels.cpu.dnnl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Shape, type and layout of a tensor as oneDNN describes it ({@code dnnl_memory_desc_t}). */
public final class MemoryDesc implements AutoCloseable {

  /** Element types used here. */
  public enum Type {
    /** bfloat16. */
    BF16(2, 2),
    /** IEEE single precision. */
    F32(3, 4);

    final int code;
    private final int bytes;

    Type(int code, int bytes) {
      this.code = code;
      this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
      return bytes;
    }
  }

  final long handle;

  private MemoryDesc(long handle) {
    this.handle = handle;
    Dnnl.LIVE_HANDLES.incrementAndGet();
  }

  /** A layout given by one stride, in elements, for each dimension. */
  public static MemoryDesc strided(Type type, long[] dims, long[] strides) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Functions.MEMORY_DESC_CREATE_WITH_STRIDES.call(
          out.address(),
          dims.length,
          arena.allocateFrom(ValueLayout.JAVA_LONG, dims).address(),
          type.code,
          arena.allocateFrom(ValueLayout.JAVA_LONG, strides).address());
      return new MemoryDesc(out.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** Adjacent elements. */
  public static MemoryDesc vector(Type type, long length) {
    return strided(type, new long[] {length}, new long[] {1});
  }

  /** A layout the primitive it is given to may choose. */
  public static MemoryDesc any(Type type, long[] dims) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Functions.MEMORY_DESC_CREATE_WITH_TAG.call(
          out.address(),
          dims.length,
          arena.allocateFrom(ValueLayout.JAVA_LONG, dims).address(),
          type.code,
          Functions.FORMAT_TAG_ANY);
      return new MemoryDesc(out.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** A copy of a descriptor owned by someone else. */
  static MemoryDesc copyOf(long handle) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Functions.MEMORY_DESC_CLONE.call(out.address(), handle);
      return new MemoryDesc(out.get(ValueLayout.JAVA_LONG, 0));
    }
  }

  /** Bytes a tensor of this layout takes. */
  public long bytes() {
    return Functions.MEMORY_DESC_GET_SIZE.call(handle);
  }

  /** True if the other descriptor means the same bytes. */
  public boolean sameAs(MemoryDesc other) {
    return Functions.MEMORY_DESC_EQUAL.call(handle, other.handle) != 0;
  }

  @Override
  public void close() {
    Functions.MEMORY_DESC_DESTROY.call(handle);
    Dnnl.LIVE_HANDLES.decrementAndGet();
  }
}
