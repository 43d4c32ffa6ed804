package dev.larmor.kernels.cpu.dnnl;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.larmor.kernels.cpu.ConvDirection;
import dev.larmor.kernels.cpu.ConvShape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A compiled oneDNN computation on fixed shapes, executed on memory named at each call.
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
  private final long handle;
  private final int[] arguments;
  private final MemoryDesc[] layouts;
  private final MemoryDesc scratch;
  private final long scratchBytes;
  private final AtomicReferenceArray<Invocation> invocations;
  private final Arena arena = Arena.ofShared();

  /** Takes over the descriptor and the layouts; the last argument is the scratch memory. */
  private Primitive(DnnlEngine engine, long descriptor, int[] arguments, MemoryDesc... layouts) {
    this.engine = engine;
    this.descriptor = descriptor;
    this.arguments = arguments;
    this.layouts = layouts;
    this.scratch = MemoryDesc.copyOf(query(Functions.QUERY_SCRATCHPAD));
    this.scratchBytes = scratch.bytes();
    this.invocations = new AtomicReferenceArray<>(engine.workers());
    try (Arena local = Arena.ofConfined()) {
      MemorySegment out = local.allocate(JAVA_LONG);
      Functions.PRIMITIVE_CREATE.call(out.address(), descriptor);
      handle = out.get(JAVA_LONG, 0);
    }
    Dnnl.LIVE_HANDLES.addAndGet(2);
  }

  /**
   * A convolution in one of its three directions. Activations are channels-last and dense, weights
   * are in a layout of oneDNN's choice, given by {@link #layout}; their gradient is F32.
   *
   * <p>Arguments of {@link #execute}: forward takes input, weights, bias (if any, F32) and output;
   * backward data takes output gradient, weights and input gradient; backward weights takes input,
   * output gradient and weight gradient.
   *
   * @param type type of activations and packed weights
   * @param bias whether a forward pass adds a bias
   */
  public static Primitive convolution(
      DnnlEngine engine,
      ConvShape shape,
      ConvDirection direction,
      MemoryDesc.Type type,
      boolean bias) {
    Functions.setOpenMpThreads(1);
    int rank = shape.axes().size();
    boolean grouped = shape.groups() > 1;
    long[] in = new long[rank + 2];
    long[] out = new long[rank + 2];
    long[] weights = new long[rank + (grouped ? 3 : 2)];
    long[][] perAxis = new long[4][rank];
    in[0] = shape.batch();
    in[1] = shape.inChannels();
    out[0] = shape.batch();
    out[1] = shape.outChannels();
    if (grouped) {
      weights[0] = shape.groups();
    }
    weights[weights.length - rank - 2] = shape.outChannels() / shape.groups();
    weights[weights.length - rank - 1] = shape.inChannels() / shape.groups();
    for (int i = 0; i < rank; i++) {
      ConvShape.Axis axis = shape.axes().get(i);
      in[i + 2] = axis.in();
      out[i + 2] = axis.out();
      weights[weights.length - rank + i] = axis.kernel();
      perAxis[0][i] = axis.stride();
      perAxis[1][i] = axis.dilation() - 1L;
      perAxis[2][i] = axis.padBefore();
      perAxis[3][i] =
          (axis.out() - 1L) * axis.stride() + axis.extent() - axis.in() - axis.padBefore();
    }
    MemoryDesc inLayout = MemoryDesc.strided(type, in, channelsLast(in));
    MemoryDesc outLayout = MemoryDesc.strided(type, out, channelsLast(out));
    MemoryDesc.Type weightType =
        direction == ConvDirection.BACKWARD_WEIGHTS ? MemoryDesc.Type.F32 : type;
    try (Arena arena = Arena.ofConfined();
        MemoryDesc any = MemoryDesc.any(weightType, weights)) {
      long strides = arena.allocateFrom(JAVA_LONG, perAxis[0]).address();
      long dilations = arena.allocateFrom(JAVA_LONG, perAxis[1]).address();
      long padsBefore = arena.allocateFrom(JAVA_LONG, perAxis[2]).address();
      long padsAfter = arena.allocateFrom(JAVA_LONG, perAxis[3]).address();
      MemorySegment created = arena.allocate(JAVA_LONG);
      return switch (direction) {
        case FORWARD -> {
          MemoryDesc biasLayout =
              MemoryDesc.strided(
                  MemoryDesc.Type.F32, new long[] {shape.outChannels()}, new long[] {1});
          Functions.CONVOLUTION_FORWARD.call(
              created.address(),
              engine.handle,
              Functions.FORWARD_TRAINING,
              Functions.CONVOLUTION_DIRECT,
              inLayout.handle,
              any.handle,
              bias ? biasLayout.handle : 0L,
              outLayout.handle,
              strides,
              dilations,
              padsBefore,
              padsAfter,
              engine.attributes);
          long descriptor = created.get(JAVA_LONG, 0);
          MemoryDesc packed = MemoryDesc.copyOf(query(descriptor, Functions.QUERY_WEIGHTS));
          if (bias) {
            yield new Primitive(
                engine, descriptor, FORWARD_BIAS, inLayout, packed, biasLayout, outLayout);
          }
          biasLayout.close();
          yield new Primitive(engine, descriptor, FORWARD, inLayout, packed, outLayout);
        }
        case BACKWARD_DATA -> {
          Functions.CONVOLUTION_BACKWARD_DATA.call(
              created.address(),
              engine.handle,
              Functions.CONVOLUTION_DIRECT,
              inLayout.handle,
              any.handle,
              outLayout.handle,
              strides,
              dilations,
              padsBefore,
              padsAfter,
              0L,
              engine.attributes);
          long descriptor = created.get(JAVA_LONG, 0);
          MemoryDesc packed = MemoryDesc.copyOf(query(descriptor, Functions.QUERY_WEIGHTS));
          yield new Primitive(engine, descriptor, BACKWARD_DATA, outLayout, packed, inLayout);
        }
        case BACKWARD_WEIGHTS -> {
          Functions.CONVOLUTION_BACKWARD_WEIGHTS.call(
              created.address(),
              engine.handle,
              Functions.CONVOLUTION_DIRECT,
              inLayout.handle,
              any.handle,
              0L,
              outLayout.handle,
              strides,
              dilations,
              padsBefore,
              padsAfter,
              0L,
              engine.attributes);
          long descriptor = created.get(JAVA_LONG, 0);
          MemoryDesc packed = MemoryDesc.copyOf(query(descriptor, Functions.QUERY_DIFF_WEIGHTS));
          yield new Primitive(engine, descriptor, BACKWARD_WEIGHTS, inLayout, outLayout, packed);
        }
      };
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
          MemoryDesc.copyOf(from.handle),
          MemoryDesc.copyOf(to.handle));
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
          MemoryDesc.copyOf(a.handle),
          MemoryDesc.copyOf(b.handle),
          MemoryDesc.copyOf(c.handle));
    }
  }

  private static long[] channelsLast(long[] dims) {
    long[] strides = new long[dims.length];
    strides[1] = 1;
    long stride = dims[1];
    for (int i = dims.length - 1; i >= 2; i--) {
      strides[i] = stride;
      stride *= dims[i];
    }
    strides[0] = stride;
    return strides;
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
        handle, engine.stream(worker), invocation.memories.length, invocation.array.address());
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
    Functions.PRIMITIVE_DESTROY.call(handle);
    Functions.PRIMITIVE_DESC_DESTROY.call(descriptor);
    Dnnl.LIVE_HANDLES.addAndGet(-2);
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
        array.set(
            JAVA_INT, i * ARGUMENT_BYTES, last ? Functions.ARG_SCRATCHPAD : arguments[i]);
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
