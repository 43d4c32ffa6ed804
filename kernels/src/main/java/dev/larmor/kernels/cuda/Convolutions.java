package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.ConvTranspose;
import dev.larmor.engine.op.Op;
import dev.larmor.kernels.PlanCache;
import dev.larmor.kernels.cuda.DnnLibrary.Direction;
import dev.larmor.kernels.cuda.DnnLibrary.Problem;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Convolutions by the library: of F32 as they are; of half-precision feature maps with weights
 * rounded to their type; of complex ones as real ones of twice the channels (a weight a + ib is the
 * block [[a, −b], [b, a]]). What the library has no deterministic algorithm for, kernels of our own
 * compute, slowly; {@code convolution.cu}.
 *
 * <p>Workspace: the weights (and, where complex planes must be parted, the tensors) as the library
 * takes them, then what the library is given for itself.
 */
final class Convolutions implements AutoCloseable {
  private static final String FILE = "convolution";

  /**
   * What the library may ask for, and every convolution is charged with: its algorithms are chosen
   * under this cap.
   */
  static final long LIBRARY_BYTES = 64L << 20;

  /** More than a network has shapes, times a few slice widths. */
  private static final int PLANS = 1024;

  private final Kernels kernels;
  private final DnnLibrary library;
  private final ChannelKernels channels;
  private final Movement movement;
  private final boolean rounds;
  private final PlanCache<Key, DnnLibrary.Plan> plans = new PlanCache<>(PLANS);

  private record Key(Problem problem, long workspaceBytes) {}

  /** A convolution's three tensors, two given and one wanted. */
  private record Roles(Conv conv, Direction direction, Array x, Array w, Array y) {
    static Roles of(Op op, Array[] in, Array out) {
      return switch (op) {
        case Conv c -> new Roles(c, Direction.FORWARD, in[0], in[1], out);
        case Conv.Input c -> new Roles(c.conv(), Direction.INPUT, out, in[1], in[0]);
        case Conv.Weight c -> new Roles(c.conv(), Direction.WEIGHT, in[0], out, in[1]);
        case ConvTranspose c -> new Roles(c.adjoint(), Direction.INPUT, out, in[1], in[0]);
        default -> throw new IllegalArgumentException(op + " is no convolution");
      };
    }
  }

  Convolutions(
      Kernels kernels,
      DnnLibrary library,
      ChannelKernels channels,
      Movement movement,
      boolean rounds) {
    this.kernels = kernels;
    this.library = library;
    this.channels = channels;
    this.movement = movement;
    this.rounds = rounds;
  }

  /** What a convolution asks for: its own part and the library's whole share. */
  static long workspace(
      Op op, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean channelsLast) {
    return leastWorkspace(op, inputs, outputs, channelsLast) + LIBRARY_BYTES;
  }

  /** What a convolution can not do without. */
  static long leastWorkspace(
      Op op, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean channelsLast) {
    Array[] in = inputs.stream().map(spec -> new Array(spec, 0)).toArray(Array[]::new);
    return new Parts(Roles.of(op, in, new Array(outputs.getFirst(), 0)), channelsLast, 0).end;
  }

  /** Where the tensors are as the library takes them: in the workspace, or where they were. */
  private static final class Parts {
    final long x;
    final long w;
    final long y;
    final long end;

    Parts(Roles roles, boolean channelsLast, long workspace) {
      boolean complex = roles.x.isComplex();
      boolean half = !complex && roles.x.dtype() != DType.F32;
      boolean parted = complex && !channelsLast;
      long at = workspace;
      w = complex || half ? at : roles.w.address();
      // A complex weight becomes a block of four numbers, a half one takes two bytes.
      at +=
          complex
              ? CudaPlanner.aligned(2 * roles.w.spec().bytes())
              : half ? CudaPlanner.aligned(roles.w.elements() * 2) : 0;
      x = parted ? at : roles.x.address();
      at += parted ? CudaPlanner.aligned(roles.x.spec().bytes()) : 0;
      y = parted ? at : roles.y.address();
      at += parted ? CudaPlanner.aligned(roles.y.spec().bytes()) : 0;
      end = at;
    }
  }

  /**
   * Runs a convolution, one of its gradients or a transposed convolution.
   *
   * @param workspaceBytes from {@link #leastWorkspace} on; the library is given what is left
   */
  void run(Op op, Array[] in, Array out, long workspace, long workspaceBytes) {
    Roles roles = Roles.of(op, in, out);
    Parts parts = new Parts(roles, kernels.channelsLast(), workspace);
    boolean parted = parts.x != roles.x.address();
    if (roles.direction != Direction.WEIGHT) {
      prepareWeights(roles, parts.w);
    }
    if (parted && roles.direction != Direction.INPUT) {
      part(roles.x, parts.x);
    }
    if (parted && roles.direction != Direction.FORWARD) {
      part(roles.y, parts.y);
    }
    compute(problem(roles), parts, workspace + workspaceBytes - parts.end);
    switch (roles.direction) {
      case FORWARD -> {
        if (parted) {
          join(parts.y, roles.y);
        }
      }
      case INPUT -> {
        if (parted) {
          join(parts.x, roles.x);
        }
      }
      case WEIGHT -> finishWeights(roles, parts.w);
    }
    if (op instanceof Conv && in.length == 3) {
      channels.addBias(out, in[2], out);
    }
  }

  private Problem problem(Roles roles) {
    int reals = roles.x.isComplex() ? 2 : 1;
    List<Integer> w = extents(roles.w, reals);
    // Both channels of a complex weight double; the first axis of w is its output channels.
    List<Integer> weight =
        IntStream.range(0, w.size()).mapToObj(i -> i == 0 ? reals * w.get(0) : w.get(i)).toList();
    return new Problem(
        roles.direction,
        roles.x.isComplex() ? DType.F32 : roles.x.dtype(),
        rounds,
        kernels.channelsLast(),
        extents(roles.x, reals),
        weight,
        extents(roles.y, reals),
        roles.conv.stride(),
        roles.conv.padding(),
        roles.conv.dilation(),
        roles.conv.groups());
  }

  /** The extents with {@code reals} channels for each. */
  private static List<Integer> extents(Array array, int reals) {
    Integer[] dims = new Integer[array.shape().rank()];
    Arrays.setAll(dims, i -> i == 1 ? reals * array.dim(i) : array.dim(i));
    return List.of(dims);
  }

  private void compute(Problem problem, Parts parts, long bytes) {
    DnnLibrary.Plan plan =
        plans.get(
            new Key(problem, bytes),
            key ->
                library
                    .plan(problem, bytes)
                    .orElseGet(() -> new DirectConvolution(kernels, problem)));
    plan.run(parts.x, parts.w, parts.y, parts.end);
  }

  private void prepareWeights(Roles roles, long to) {
    Array w = roles.w;
    if (w.isComplex()) {
      weightKernel("expand_weights", w, w.address(), to);
    } else if (to != w.address()) {
      movement.cast(w, new Array(w.spec().as(roles.x.dtype()), to));
    }
  }

  private void finishWeights(Roles roles, long from) {
    Array w = roles.w;
    if (w.isComplex()) {
      weightKernel("fold_weights", w, from, w.address());
    } else if (from != w.address()) {
      movement.cast(new Array(w.spec().as(roles.x.dtype()), from), w);
    }
  }

  private void weightKernel(String function, Array w, long from, long to) {
    int inputs = w.dim(1);
    kernels
        .start(FILE, function)
        .at(from)
        .at(to)
        .whole(w.dim(0))
        .whole(inputs)
        .whole(Math.toIntExact(w.shape().positions()))
        .over(w.elements());
  }

  /** Complex planes as planes of real and of imaginary parts. */
  private void part(Array x, long to) {
    long positions = x.shape().positions();
    movement.parts(x.elements() / positions, positions, true, x.address(), to);
  }

  private void join(long from, Array x) {
    long positions = x.shape().positions();
    movement.parts(x.elements() / positions, positions, false, from, x.address());
  }

  @Override
  public void close() {
    plans.close();
  }
}
