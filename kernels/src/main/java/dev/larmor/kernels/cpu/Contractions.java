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
 * The ops that multiply and sum: matrix products, and convolutions, which are the same work in one
 * of three directions of one {@link ConvShape}.
 */
final class Contractions implements AutoCloseable {
  /** An op as the convolution library sees it. */
  private record Call(ConvShape shape, ConvDirection direction, DType type, boolean bias) {}

  private final Convolutions convolutions;
  private final MatrixProducts products;

  Contractions(Team team) {
    this.convolutions = new Convolutions(team);
    this.products = new MatrixProducts(team);
  }

  long workspace(Op op, List<TensorSpec> in, List<TensorSpec> out) {
    if (op instanceof MatMul product) {
      TensorSpec y = out.getFirst();
      return products.workspaceBytes(shape(product, in.getFirst(), y), y.dtype());
    }
    Call call = call(op, in, out.getFirst());
    return convolutions.workspaceBytes(call.shape, call.direction, call.type, call.bias);
  }

  void run(Op op, Array[] x, Array y, long workspace) {
    List<TensorSpec> in = new ArrayList<>();
    for (Array array : x) {
      in.add(array.spec());
    }
    long bytes = workspace(op, in, List.of(y.spec()));
    MemorySegment scratch = bytes == 0 ? null : Lanes.MEMORY.asSlice(workspace, bytes);
    MemorySegment a = segment(x[0]);
    MemorySegment b = segment(x[1]);
    MemorySegment result = segment(y);
    if (op instanceof MatMul product) {
      MatrixProducts.Shape shape = shape(product, in.getFirst(), y.spec());
      products.multiply(shape, y.dtype(), a, b, result, scratch);
      return;
    }
    Call call = call(op, in, y.spec());
    switch (call.direction) {
      case FORWARD ->
          convolutions.forward(
              call.shape, call.type, a, b, call.bias ? segment(x[2]) : null, result, scratch);
      case BACKWARD_DATA -> convolutions.backwardData(call.shape, call.type, a, b, result, scratch);
      case BACKWARD_WEIGHTS ->
          convolutions.backwardWeights(call.shape, call.type, a, b, result, scratch);
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
      default -> throw new IllegalArgumentException("not a convolution: " + op.name());
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

  private static MatrixProducts.Shape shape(MatMul product, TensorSpec a, TensorSpec c) {
    return new MatrixProducts.Shape(
        c.shape().size(0),
        c.shape().size(1),
        a.shape().size(product.transposeA() ? 0 : 1),
        product.transposeA(),
        product.transposeB());
  }

  @Override
  public void close() {
    products.close();
    convolutions.close();
  }
}
