package dev.larmor.kernels.cpu.dnnl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A oneDNN computation on fixed shapes, executed on memory named at each call. Code is generated on
 * the first execution; layouts and scratch size are known before.
 *
 * <p>Different workers may execute the same primitive at the same time: each has its own memory
 * objects, made on its first call and pointed at the arguments on every call.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
public final class Primitive implements AutoCloseable {

  private static final long ARGUMENT_BYTES = 16; // dnnl_exec_arg_t: int arg; dnnl_memory_t memory

  private static final int[] FORWARD = {
    Functions.ARG_SRC, Functions.ARG_WEIGHTS, Functions.ARG_DST
  };
  private static final int[] FORWARD_BIAS = {
    Functions.ARG_SRC, Functions.ARG_WEIGHTS, Functions.ARG_BIAS, Functions.ARG_DST
  };
  private static final int[] BACKWARD_DATA = {
    Functions.ARG_DIFF_DST, Functions.ARG_WEIGHTS, Functions.ARG_DIFF_SRC
  };
  private static final int[] BACKWARD_WEIGHTS = {
    Functions.ARG_SRC, Functions.ARG_DIFF_DST, Functions.ARG_DIFF_WEIGHTS
  };

  private final DnnlEngine engine;
  private final long descriptor;
  private final int[] arguments;
  private final MemoryDesc[] layouts;
  private final MemoryDesc scratch;
  private final long scratchBytes;
  private final AtomicReferenceArray<Invocation> invocations;
  private final Arena arena = Arena.ofShared();
  private volatile long handle; // 0 until compiled

  /**
   * Takes over the descriptor.
   *
   * @param layouts memory descriptors of the arguments, to be copied
   */
  private Primitive(DnnlEngine engine, long descriptor, int[] arguments, long... layouts) {
    this.engine = engine;
    this.descriptor = descriptor;
    this.arguments = arguments;
    this.layouts = new MemoryDesc[layouts.length];
    for (int i = 0; i < layouts.length; i++) {
      this.layouts[i] = MemoryDesc.copyOf(layouts[i]);
    }
    this.scratch = MemoryDesc.copyOf(query(Functions.QUERY_SCRATCHPAD));
    this.scratchBytes = scratch.bytes();
    this.invocations = new AtomicReferenceArray<>(engine.workers());
    Dnnl.LIVE_HANDLES.incrementAndGet();
  }

  /**
   * A forward convolution. Arguments of {@link #execute}: input, weights, bias if there is one, and
   * output. The descriptors stay the caller's; that of the weights may leave the layout to oneDNN.
   *
   * @param bias null if there is none
   * @param strides step of the kernel along each spatial axis
   * @param gaps unused input elements between two elements of the kernel (dilation less one)
   * @param padsBefore zeros before the input
   * @param padsAfter zeros after the input, exactly as many as the last window reads
   */
  public static Primitive convolutionForward(
      DnnlEngine engine,
      MemoryDesc input,
      MemoryDesc weights,
      MemoryDesc bias,
      MemoryDesc output,
      long[] strides,
      long[] gaps,
      long[] padsBefore,
      long[] padsAfter) {
    Functions.setOpenMpThreads(1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment created = arena.allocate(JAVA_LONG);
      Functions.CONVOLUTION_FORWARD.call(
          created.address(),
          engine.handle,
          Functions.FORWARD_TRAINING,
          Functions.CONVOLUTION_DIRECT,
          input.handle,
          weights.handle,
          bias == null ? 0L : bias.handle,
          output.handle,
          arena.allocateFrom(JAVA_LONG, strides).address(),
          arena.allocateFrom(JAVA_LONG, gaps).address(),
          arena.allocateFrom(JAVA_LONG, padsBefore).address(),
          arena.allocateFrom(JAVA_LONG, padsAfter).address(),
          engine.attributes);
      long descriptor = created.get(JAVA_LONG, 0);
      long chosen = query(descriptor, Functions.QUERY_WEIGHTS);
      return bias == null
          ? new Primitive(engine, descriptor, FORWARD, input.handle, chosen, output.handle)
          : new Primitive(
              engine, descriptor, FORWARD_BIAS, input.handle, chosen, bias.handle, output.handle);
    }
  }

  /**
   * The input gradient of a convolution. Arguments of {@link #execute}: output gradient, weights
   * and input gradient. Parameters as for {@link #convolutionForward}.
   */
  public static Primitive convolutionBackwardData(
      DnnlEngine engine,
      MemoryDesc input,
      MemoryDesc weights,
      MemoryDesc output,
      long[] strides,
      long[] gaps,
      long[] padsBefore,
      long[] padsAfter) {
    long[] tensors = {input.handle, weights.handle, output.handle};
    long[][] geometry = {strides, gaps, padsBefore, padsAfter};
    long descriptor = backward(Functions.CONVOLUTION_BACKWARD_DATA, engine, tensors, geometry);
    long chosen = query(descriptor, Functions.QUERY_WEIGHTS);
    return new Primitive(engine, descriptor, BACKWARD_DATA, output.handle, chosen, input.handle);
  }

  /**
   * The weight gradient of a convolution. Arguments of {@link #execute}: input, output gradient and
   * weight gradient. Parameters as for {@link #convolutionForward}.
   */
  public static Primitive convolutionBackwardWeights(
      DnnlEngine engine,
      MemoryDesc input,
      MemoryDesc weights,
      MemoryDesc output,
      long[] strides,
      long[] gaps,
      long[] padsBefore,
      long[] padsAfter) {
    long noBias = 0;
    long[] tensors = {input.handle, weights.handle, noBias, output.handle};
    long[][] geometry = {strides, gaps, padsBefore, padsAfter};
    long descriptor = backward(Functions.CONVOLUTION_BACKWARD_WEIGHTS, engine, tensors, geometry);
    long chosen = query(descriptor, Functions.QUERY_DIFF_WEIGHTS);
    return new Primitive(engine, descriptor, BACKWARD_WEIGHTS, input.handle, output.handle, chosen);
  }

  /** The descriptor of a gradient; the hint of the forward pass is not needed. */
  private static long backward(
      Functions.Function maker, DnnlEngine engine, long[] tensors, long[][] geometry) {
    Functions.setOpenMpThreads(1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment created = arena.allocate(JAVA_LONG);
      List<Object> arguments = new ArrayList<>();
      arguments.add(created.address());
      arguments.add(engine.handle);
      arguments.add(Functions.CONVOLUTION_DIRECT);
      for (long tensor : tensors) {
        arguments.add(tensor);
      }
      for (long[] values : geometry) {
        arguments.add(arena.allocateFrom(JAVA_LONG, values).address());
      }
      arguments.add(0L);
      arguments.add(engine.attributes);
      maker.call(arguments.toArray());
      return created.get(JAVA_LONG, 0);
    }
  }

  /**
   * A copy from one layout to another, with conversion of type. Arguments of {@link #execute}: from
   * and to. The descriptors stay the caller's.
   */
  public static Primitive reorder(DnnlEngine engine, MemoryDesc from, MemoryDesc to) {
    Functions.setOpenMpThreads(1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment created = arena.allocate(JAVA_LONG);
      Functions.REORDER.call(
          created.address(),
          from.handle,
          engine.handle,
          to.handle,
          engine.handle,
          engine.attributes);
      return new Primitive(
          engine,
          created.get(JAVA_LONG, 0),
          new int[] {Functions.ARG_SRC, Functions.ARG_DST},
          from.handle,
          to.handle);
    }
  }

  /**
   * A matrix product {@code c = a b}. Arguments of {@link #execute}: a, b and c. The descriptors
   * stay the caller's.
   */
  public static Primitive matmul(DnnlEngine engine, MemoryDesc a, MemoryDesc b, MemoryDesc c) {
    Functions.setOpenMpThreads(1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment created = arena.allocate(JAVA_LONG);
      Functions.MATMUL.call(
          created.address(), engine.handle, a.handle, b.handle, 0L, c.handle, engine.attributes);
      return new Primitive(
          engine,
          created.get(JAVA_LONG, 0),
          new int[] {Functions.ARG_SRC, Functions.ARG_WEIGHTS, Functions.ARG_DST},
          a.handle,
          b.handle,
          c.handle);
    }
  }

  /** Bytes of scratch memory one execution needs. */
  public long scratchBytes() {
    return scratchBytes;
  }

  /** Layout of an argument, by its position; it lives as long as this primitive. */
  public MemoryDesc layout(int argument) {
    return layouts[argument];
  }

  /** Name of the oneDNN implementation, such as {@code brgconv:avx512_core}. */
  public String implementation() {
    try (Arena local = Arena.ofConfined()) {
      MemorySegment out = local.allocate(JAVA_LONG);
      Functions.PRIMITIVE_DESC_QUERY.call(
          descriptor, Functions.QUERY_IMPLEMENTATION, 0, out.address());
      return MemorySegment.ofAddress(out.get(JAVA_LONG, 0)).reinterpret(256).getString(0);
    }
  }

  /**
   * Executes the primitive on the calling thread.
   *
   * @param worker number of the worker executing it, which owns the memory objects used
   * @param scratchAddress {@link #scratchBytes()} bytes, 64-byte aligned; ignored if that is 0
   * @param addresses addresses of the arguments, in order
   */
  public void execute(int worker, long scratchAddress, long... addresses) {
    Invocation invocation = invocations.get(worker);
    if (invocation == null) {
      invocation = new Invocation();
      invocations.set(worker, invocation);
    }
    for (int i = 0; i < addresses.length; i++) {
      Functions.setDataHandle(invocation.memories[i], addresses[i]);
    }
    Functions.setDataHandle(invocation.memories[addresses.length], scratchAddress);
    Functions.setOpenMpThreads(1);
    Functions.execute(
        compiled(), engine.stream(worker), invocation.memories.length, invocation.array.address());
  }

  private long compiled() {
    return handle != 0 ? handle : compile();
  }

  private synchronized long compile() {
    if (handle == 0) {
      Functions.setOpenMpThreads(1);
      try (Arena local = Arena.ofConfined()) {
        MemorySegment out = local.allocate(JAVA_LONG);
        Functions.PRIMITIVE_CREATE.call(out.address(), descriptor);
        handle = out.get(JAVA_LONG, 0);
      }
      Dnnl.LIVE_HANDLES.incrementAndGet();
    }
    return handle;
  }

  private long query(int what) {
    return query(descriptor, what);
  }

  private static long query(long descriptor, int what) {
    return Functions.PRIMITIVE_DESC_QUERY_MD.call(descriptor, what, 0);
  }

  /** Destroys the primitive; no worker may be executing it. */
  @Override
  public void close() {
    for (int i = 0; i < invocations.length(); i++) {
      Invocation invocation = invocations.get(i);
      if (invocation != null) {
        invocation.close();
      }
    }
    if (handle != 0) {
      Functions.PRIMITIVE_DESTROY.call(handle);
      Dnnl.LIVE_HANDLES.decrementAndGet();
    }
    Functions.PRIMITIVE_DESC_DESTROY.call(descriptor);
    Dnnl.LIVE_HANDLES.decrementAndGet();
    for (MemoryDesc layout : layouts) {
      layout.close();
    }
    scratch.close();
    arena.close();
  }

  /** The memory objects of one worker and the argument array that names them. */
  private final class Invocation {
    final long[] memories = new long[layouts.length + 1];
    final MemorySegment array = arena.allocate(ARGUMENT_BYTES * memories.length, 8);

    Invocation() {
      MemorySegment out = arena.allocate(JAVA_LONG);
      for (int i = 0; i < memories.length; i++) {
        boolean last = i == layouts.length;
        Functions.MEMORY_CREATE.call(
            out.address(), last ? scratch.handle : layouts[i].handle, engine.handle, 0L);
        memories[i] = out.get(JAVA_LONG, 0);
        array.set(JAVA_INT, i * ARGUMENT_BYTES, last ? Functions.ARG_SCRATCHPAD : arguments[i]);
        array.set(JAVA_LONG, i * ARGUMENT_BYTES + 8, memories[i]);
      }
      Dnnl.LIVE_HANDLES.addAndGet(memories.length);
    }

    void close() {
      for (long memory : memories) {
        Functions.MEMORY_DESTROY.call(memory);
      }
      Dnnl.LIVE_HANDLES.addAndGet(-memories.length);
    }
  }
}
