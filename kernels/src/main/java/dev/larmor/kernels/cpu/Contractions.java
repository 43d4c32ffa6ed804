package dev.larmor.kernels.cpu;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.ConvTranspose;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Op;
import dev.larmor.kernels.cpu.conv.ConvDirection;
import dev.larmor.kernels.cpu.conv.ConvShape;
import dev.larmor.kernels.cpu.conv.Convolutions;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The ops that multiply and sum: convolutions, and matrix products as convolutions of one pixel a
 * row. They are the same work in one of three directions of one {@link ConvShape}.
 */
final class Contractions implements AutoCloseable {
  /** An op as the convolution library sees it. */
  private record Call(ConvShape shape, ConvDirection direction, DType type, boolean bias) {}

  private final Team team;
  private final Convolutions convolutions;

  Contractions(Team team) {
    this.team = team;
    this.convolutions = new Convolutions(team);
  }

  long workspace(Op op, List<TensorSpec> in, List<TensorSpec> out) {
    Call call = call(op, in, out.getFirst());
    long bytes = CpuWorkspace.align(library(call));
    return op instanceof MatMul product ? bytes + packed(product, in) : bytes;
  }

  private long library(Call call) {
    return convolutions.workspaceBytes(call.shape, call.direction, call.type, call.bias);
  }

  void run(Op op, Array[] x, Array y, long workspace) {
    List<TensorSpec> in = new ArrayList<>();
    for (Array array : x) {
      in.add(array.spec());
    }
    Call call = call(op, in, y.spec());
    long bytes = library(call);
    MemorySegment scratch = bytes == 0 ? null : Lanes.MEMORY.asSlice(workspace, bytes);
    MemorySegment a = segment(x[0]);
    MemorySegment b = segment(x[1]);
    MemorySegment result = segment(y);
    switch (op) {
      case Conv _ ->
          convolutions.forward(
              call.shape, call.type, a, b, call.bias ? segment(x[2]) : null, result, scratch);
      case Conv.Input _, ConvTranspose _ ->
          convolutions.backwardData(call.shape, call.type, a, b, result, scratch);
      case Conv.Weight _ ->
          convolutions.backwardWeights(call.shape, call.type, a, b, result, scratch);
      case MatMul product -> {
        long next = workspace + CpuWorkspace.align(bytes);
        MemorySegment rows = product.transposeA() ? packed(x[0], true, x[0].dtype(), next) : a;
        next += product.transposeA() ? CpuWorkspace.align(x[0].spec().bytes()) : 0;
        boolean direct = product.transposeB() && x[1].dtype() == DType.F32;
        MemorySegment weights = direct ? b : packed(x[1], !product.transposeB(), DType.F32, next);
        convolutions.forward(call.shape, call.type, rows, weights, null, result, scratch);
      }
      default -> throw new IllegalArgumentException("not a contraction: " + op.name());
    }
  }

  private static MemorySegment segment(Array array) {
    return Lanes.MEMORY.asSlice(array.address(), array.spec().bytes());
  }

  private static Call call(Op op, List<TensorSpec> in, TensorSpec out) {
    DType type = in.getFirst().dtype();
    return switch (op) {
      case Conv conv -> {
        ConvShape shape = shape(conv, in.get(0).shape(), in.get(1).shape());
        yield new Call(shape, ConvDirection.FORWARD, type, in.size() == 3);
      }
      case Conv.Input g -> {
        ConvShape shape = shape(g.conv(), g.inputShape(), in.get(1).shape());
        yield new Call(shape, ConvDirection.BACKWARD_DATA, type, false);
      }
      case Conv.Weight g -> {
        ConvShape shape = shape(g.conv(), in.get(0).shape(), g.weightShape());
        yield new Call(shape, ConvDirection.BACKWARD_WEIGHTS, type, false);
      }
      case ConvTranspose transposed -> {
        ConvShape shape = shape(transposed.adjoint(), out.shape(), in.get(1).shape());
        yield new Call(shape, ConvDirection.BACKWARD_DATA, type, false);
      }
      case MatMul product -> {
        int inner = in.get(0).shape().size(product.transposeA() ? 0 : 1);
        ConvShape.Axis rows = ConvShape.Axis.of(out.shape().size(0), 1, 1, 0);
        ConvShape shape = new ConvShape(1, 1, inner, out.shape().size(1), List.of(rows));
        yield new Call(shape, ConvDirection.FORWARD, type, false);
      }
      default -> throw new IllegalArgumentException("not a contraction: " + op.name());
    };
  }

  private static ConvShape shape(Conv conv, Shape input, Shape weight) {
    List<ConvShape.Axis> axes = new ArrayList<>();
    for (int i = 0; i < conv.stride().size(); i++) {
      int pad = conv.padding().get(i);
      axes.add(
          new ConvShape.Axis(
              input.size(i + 2),
              weight.size(i + 2),
              conv.stride().get(i),
              pad,
              pad,
              conv.dilation().get(i)));
    }
    return new ConvShape(input.size(0), conv.groups(), input.size(1), weight.size(0), axes);
  }

  /** Room for the matrices that do not lie as the convolution wants them. */
  private static long packed(MatMul product, List<TensorSpec> in) {
    boolean direct = product.transposeB() && in.get(1).dtype() == DType.F32;
    return (product.transposeA() ? CpuWorkspace.align(in.get(0).bytes()) : 0)
        + (direct ? 0 : CpuWorkspace.align(in.get(1).as(DType.F32).bytes()));
  }

  /** A matrix, transposed or not, in another dtype, at {@code to}. */
  private MemorySegment packed(Array matrix, boolean transpose, DType dtype, long to) {
    int rows = matrix.dim(0);
    int columns = matrix.dim(1);
    team.run(
        rows,
        (row, worker) -> {
          for (int column = 0; column < columns; column++) {
            double value =
                Element.get(matrix.dtype(), matrix.address(), (long) row * columns + column);
            long at = transpose ? (long) column * rows + row : (long) row * columns + column;
            Element.set(dtype, to, at, value);
          }
        });
    return Lanes.MEMORY.asSlice(to, matrix.spec().as(dtype).bytes());
  }

  @Override
  public void close() {
    convolutions.close();
  }
}
