package dev.larmor.kernels.cpu.conv;

import dev.larmor.engine.DType;
import dev.larmor.kernels.PlanCache;
import dev.larmor.kernels.cpu.Team;
import dev.larmor.kernels.cpu.dnnl.Dnnl;
import dev.larmor.kernels.cpu.dnnl.DnnlEngine;
import dev.larmor.kernels.cpu.dnnl.MemoryDesc;
import java.lang.foreign.MemorySegment;

/**
 * The convolutions of the CPU backend: real (F32, or BF16 with F32 weights) and complex (C64), by
 * oneDNN, or in Java where oneDNN is not available.
 *
 * <p>Tensors are dense and channels-last ({@link ConvShape}). Weights, biases and weight gradients
 * are F32, or C64 for complex convolutions. Results are bit-identical from run to run and for any
 * number of threads of the team. Nothing is allocated by a call: scratch memory is the caller's
 * workspace, and generated code is kept for the {@value #PLANS} geometries used last.
 *
 * <p>Not thread-safe: one thread at a time.
 */
public final class Convolutions implements AutoCloseable {

  /** Plans kept: enough for the widths of a data set. The code of a hundred takes a few MB. */
  private static final int PLANS = 512;

  private record Key(ConvShape shape, ConvDirection direction, DType type, boolean bias) {}

  private final Team team;
  private final DnnlEngine engine; // null: in Java
  private final PlanCache<Key, ConvPlan> plans = new PlanCache<>(PLANS);

  /** Convolutions on a team, by oneDNN if it is available. */
  public Convolutions(Team team) {
    this(team, Dnnl.isAvailable());
  }

  private Convolutions(Team team, boolean dnnl) {
    this.team = team;
    this.engine = dnnl ? new DnnlEngine(team.threads()) : null;
  }

  /** Convolutions in Java, whether oneDNN is available or not. */
  public static Convolutions inJava(Team team) {
    return new Convolutions(team, false);
  }

  /** Bytes of workspace a call needs. Depends on the number of threads of the team. */
  public long workspaceBytes(ConvShape shape, ConvDirection direction, DType type, boolean bias) {
    return plan(shape, direction, type, bias).workspaceBytes();
  }

  /**
   * Output of a convolution.
   *
   * @param type element type of x and y: F32, BF16 or C64
   * @param bias one element per output channel, or null
   * @param workspace at least {@link #workspaceBytes} bytes, 64-byte aligned; may be null if that
   *     is 0
   */
  public void forward(
      ConvShape shape,
      DType type,
      MemorySegment x,
      MemorySegment weights,
      MemorySegment bias,
      MemorySegment y,
      MemorySegment workspace) {
    run(shape, ConvDirection.FORWARD, type, x, weights, bias, y, workspace);
  }

  /** Gradient of the input of a convolution; arguments as for {@link #forward}. */
  public void backwardData(
      ConvShape shape,
      DType type,
      MemorySegment dy,
      MemorySegment weights,
      MemorySegment dx,
      MemorySegment workspace) {
    run(shape, ConvDirection.BACKWARD_DATA, type, dx, weights, null, dy, workspace);
  }

  /** Gradient of the weights of a convolution; arguments as for {@link #forward}. */
  public void backwardWeights(
      ConvShape shape,
      DType type,
      MemorySegment x,
      MemorySegment dy,
      MemorySegment dw,
      MemorySegment workspace) {
    run(shape, ConvDirection.BACKWARD_WEIGHTS, type, x, dw, null, dy, workspace);
  }

  private void run(
      ConvShape shape,
      ConvDirection direction,
      DType type,
      MemorySegment input,
      MemorySegment weights,
      MemorySegment bias,
      MemorySegment output,
      MemorySegment workspace) {
    ConvPlan plan = plan(shape, direction, type, bias != null);
    long elements = shape.batch() * shape.inPixels() * shape.inChannels();
    DType weightType = type == DType.C64 ? DType.C64 : DType.F32;
    require("input", input, elements * type.bytes());
    require("weights", weights, shape.weights() * weightType.bytes());
    elements = shape.batch() * shape.outPixels() * shape.outChannels();
    require("output", output, elements * type.bytes());
    if (bias != null) {
      require("bias", bias, (long) shape.outChannels() * weightType.bytes());
    }
    if (plan.workspaceBytes() > 0) {
      require("workspace", workspace, plan.workspaceBytes());
    }
    plan.run(
        input.address(),
        weights.address(),
        bias == null ? 0 : bias.address(),
        output.address(),
        workspace == null ? 0 : workspace.address());
  }

  private static void require(String name, MemorySegment segment, long bytes) {
    if (segment.byteSize() < bytes) {
      throw new IllegalArgumentException(
          "[conv] %s has %d bytes, needs %d".formatted(name, segment.byteSize(), bytes));
    }
  }

  private ConvPlan plan(ConvShape shape, ConvDirection direction, DType type, boolean bias) {
    return plans.get(
        new Key(shape, direction, type, bias), key -> newPlan(shape, direction, type, bias));
  }

  private ConvPlan newPlan(ConvShape shape, ConvDirection direction, DType type, boolean bias) {
    return switch (type) {
      case C64 -> {
        ConvPlan real = newPlan(shape.complexAsReal(), direction, DType.F32, bias);
        yield new ComplexConvolution(team, shape, direction, real);
      }
      case BF16 -> {
        if (engine != null && Dnnl.hasBf16()) {
          yield new DnnlPlanner(engine, team).plan(shape, direction, MemoryDesc.Type.BF16, bias);
        }
        ConvPlan wide = newPlan(shape, direction, DType.F32, bias);
        yield new WidenedConvolution(team, shape, direction, wide);
      }
      case F32 -> {
        if (engine != null) {
          yield new DnnlPlanner(engine, team).plan(shape, direction, MemoryDesc.Type.F32, bias);
        }
        yield direction == ConvDirection.BACKWARD_WEIGHTS
            ? new DirectWeightGradient(team, shape)
            : new DirectConvolution(team, shape, direction);
      }
      default ->
          throw new IllegalArgumentException("[conv] F32, BF16 or C64 expected, got " + type);
    };
  }

  /** Destroys all plans. The team stays open. */
  @Override
  public void close() {
    plans.close();
    if (engine != null) {
      engine.close();
    }
  }
}
