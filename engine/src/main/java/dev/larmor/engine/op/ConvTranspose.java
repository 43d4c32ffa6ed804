package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Transposed convolution: the adjoint of {@link Conv} with the same stride, padding and groups
 * (dilation 1). Inputs: x {@code [N, I, …]}, w {@code [I, O/groups, k…]}. Output extent {@code (n −
 * 1)·stride − 2·padding + k}.
 */
public record ConvTranspose(List<Integer> stride, List<Integer> padding, int groups) implements Op {
  public ConvTranspose {
    stride = Check.axes("stride", stride, 1);
    padding = Check.axes("padding", padding, 0);
    if (groups < 1 || stride.size() != padding.size()) {
      throw new IllegalArgumentException(
          "stride " + stride + ", padding " + padding + ", groups " + groups);
    }
  }

  /** Stride {@code stride} and no padding on each of {@code rank} spatial axes. */
  public static ConvTranspose strided(int rank, int stride) {
    return new ConvTranspose(Check.repeat(stride, rank), Check.repeat(0, rank), 1);
  }

  /** The convolution this is the adjoint of; it takes the same weight. */
  public Conv adjoint() {
    return new Conv(stride, padding, Check.repeat(1, stride.size()), groups);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    TensorSpec x = in.get(0);
    TensorSpec w = in.get(1);
    Check.that(
        x.isFeatureMap() && x.dtype() != DType.F64 && x.shape().spatialRank() == stride.size(),
        this,
        "input must be F32, BF16, F16 or C64 with %d spatial axes: %s",
        stride.size(),
        x);
    DType weights = x.dtype().isComplex() ? DType.C64 : DType.F32;
    Check.that(
        w.dtype() == weights && w.shape().rank() == x.shape().rank(),
        this,
        "weight must be %s of rank %d: input %s, weight %s",
        weights,
        x.shape().rank(),
        x,
        w);
    Check.that(
        x.shape().dim(1) == w.shape().dim(0),
        this,
        "input channels %d != weight in-channels %d: input %s, weight %s",
        x.shape().dim(1),
        w.shape().dim(0),
        x,
        w);
    Check.that(
        x.shape().dim(1) % groups == 0,
        this,
        "%d groups do not divide the input channels: input %s",
        groups,
        x);
    long[] dims = x.shape().dims();
    dims[1] = w.shape().dim(1) * groups;
    for (int i = 0; i < stride.size(); i++) {
      dims[i + 2] = (dims[i + 2] - 1) * stride.get(i) - 2L * padding.get(i) + w.shape().dim(i + 2);
      Check.that(
          dims[i + 2] > 0, this, "padding %s leaves nothing: input %s, weight %s", padding, x, w);
    }
    return List.of(x.as(Shape.of(dims)));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? adjoint().apply(g, r.input(1)) : null,
      r.wants(1) ? new Conv.Weight(adjoint(), r.inputSpec(1).shape()).apply(g, r.input(0)) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return adjoint().cost(List.of(out.getFirst(), in.get(1)), List.of(in.get(0)));
  }
}
