package dev.larmor.kernels.cpu.dnnl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A oneDNN CPU engine with one stream for each worker of a {@link dev.larmor.kernels.cpu.Team}.
 *
 * <p>oneDNN's own threading is not used: every primitive is created and executed with one OpenMP
 * thread, and the team's workers execute primitives on parts of a problem. Scratch memory is always
 * the caller's, and arithmetic is that of the declared types (no implicit bfloat16).
 */
public final class DnnlEngine implements AutoCloseable {

  final long handle;
  final long attributes;
  private final long[] streams;

  /**
   * Opens an engine.
   *
   * @param workers number of workers that will execute primitives
   * @throws IllegalStateException if oneDNN is not available
   */
  public DnnlEngine(int workers) {
    // Primitives are cached by their owner, who closes them; a second cache would keep them alive.
    Functions.SET_PRIMITIVE_CACHE_CAPACITY.call(0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_LONG);
      Functions.ENGINE_CREATE.call(out.address(), Functions.ENGINE_KIND_CPU, 0L);
      handle = out.get(ValueLayout.JAVA_LONG, 0);
      Functions.ATTR_CREATE.call(out.address());
      attributes = out.get(ValueLayout.JAVA_LONG, 0);
      Functions.ATTR_SET_SCRATCHPAD_MODE.call(attributes, Functions.SCRATCHPAD_MODE_USER);
      Functions.ATTR_SET_FPMATH_MODE.call(attributes, Functions.FPMATH_MODE_STRICT);
      streams = new long[workers];
      for (int i = 0; i < workers; i++) {
        Functions.STREAM_CREATE.call(out.address(), handle, Functions.STREAM_DEFAULT_FLAGS);
        streams[i] = out.get(ValueLayout.JAVA_LONG, 0);
      }
    }
    Dnnl.LIVE_HANDLES.addAndGet(2 + streams.length);
  }

  /** Number of workers that may execute primitives. */
  public int workers() {
    return streams.length;
  }

  long stream(int worker) {
    return streams[worker];
  }

  /** Destroys the engine; its primitives must have been closed. */
  @Override
  public void close() {
    for (long stream : streams) {
      Functions.STREAM_DESTROY.call(stream);
    }
    Functions.ATTR_DESTROY.call(attributes);
    Functions.ENGINE_DESTROY.call(handle);
    Dnnl.LIVE_HANDLES.addAndGet(-2 - streams.length);
  }
}
