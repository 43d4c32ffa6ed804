package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Convolution (cross-correlation, as in PyTorch), 2-D or 3-D by the length of the lists. Inputs: x
 * {@code [N, C, …]}, w {@code [O, C/groups, k…]}, optional bias {@code [O]}. Zero padding on both
 * sides of each axis.
 *
 * <p>x may be F32, BF16, F16 (weights and bias stay F32) or C64 (then weights and bias are C64: a
 * true complex convolution).
 */
public record Conv(List<Integer> stride, List<Integer> padding, List<Integer> dilation, int groups)
    implements Op {
  public Conv {
    stride = Check.axes("stride", stride, 1);
    padding = Check.axes("padding", padding, 0);
    dilation = Check.axes("dilation", dilation, 1);
    if (groups < 1 || stride.size() != padding.size() || stride.size() != dilation.size()) {
      throw new IllegalArgumentException(
          "stride "
              + stride
              + ", padding "
              + padding
              + ", dilation "
              + dilation
              + ", groups "
              + groups);
    }
  }

  /** Stride 1 and {@code padding} on each of {@code rank} spatial axes. */
  public static Conv padded(int rank, int padding) {
    return new Conv(Check.repeat(1, rank), Check.repeat(padding, rank), Check.repeat(1, rank), 1);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.that(
        in.size() == 2 || in.size() == 3,
        this,
        "takes input, weight and an optional bias, got %s",
        in);
    TensorSpec x = in.get(0);
    TensorSpec w = in.get(1);
    DType weights = checkInput(this, x);
    Check.that(
        w.dtype() == weights && w.shape().rank() == x.shape().rank(),
        this,
        "weight must be %s of rank %d: input %s, weight %s",
        weights,
        x.shape().rank(),
        x,
        w);
    Check.that(
        x.shape().dim(1) == w.shape().dim(1) * groups,
        this,
        "input channels %d != weight in-channels %d: input %s, weight %s",
        x.shape().dim(1),
        w.shape().dim(1) * groups,
        x,
        w);
    Check.that(
        w.shape().dim(0) % groups == 0,
        this,
        "%d groups do not divide the output channels: weight %s",
        groups,
        w);
    if (in.size() == 3) {
      Check.spec(this, "bias", in.get(2), TensorSpec.of(weights, w.shape().dim(0)));
    }
    return List.of(x.as(output(this, x, w)));
  }

  private DType checkInput(Op op, TensorSpec x) {
    Check.that(
        x.isFeatureMap() && x.dtype() != DType.F64 && x.shape().spatialRank() == stride.size(),
        op,
        "input must be F32, BF16, F16 or C64 with %d spatial axes: %s",
        stride.size(),
        x);
    return x.dtype().isComplex() ? DType.C64 : DType.F32;
  }

  private Shape output(Op op, TensorSpec x, TensorSpec w) {
    long[] dims = x.shape().dims();
    dims[1] = w.shape().dim(0);
    for (int i = 0; i < stride.size(); i++) {
      long reach = dilation.get(i) * (w.shape().dim(i + 2) - 1) + 1;
      long room = dims[i + 2] + 2L * padding.get(i) - reach;
      Check.that(
          room >= 0,
          op,
          "kernel is larger than the padded input: input %s, weight %s, padding %s",
          x,
          w,
          padding);
      dims[i + 2] = room / stride.get(i) + 1;
    }
    return Shape.of(dims);
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    Tensor[] grads = new Tensor[r.inputs()];
    if (r.wants(0)) {
      grads[0] = new Input(this, r.inputSpec(0).shape()).apply(g, r.input(1));
    }
    if (r.wants(1)) {
      grads[1] = new Weight(this, r.inputSpec(1).shape()).apply(r.input(0), g);
    }
    if (grads.length == 3 && r.wants(2)) {
      grads[2] = new ChannelTotal().apply(g);
    }
    return grads;
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return work(in, out, out.getFirst(), in.get(1).shape());
  }

  private static Cost work(List<TensorSpec> in, List<TensorSpec> out, TensorSpec y, Shape w) {
    double macs = (double) y.shape().elements() * w.elements() / w.dim(0);
    return new Cost((y.dtype().isComplex() ? 8 : 2) * macs, Check.cost(in, out, 0).bytes());
  }

  /** Gradient with respect to the input, of shape {@code inputShape}. Inputs: g, w. */
  public record Input(Conv conv, Shape inputShape) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      TensorSpec g = in.get(0);
      conv.checkInput(this, g);
      TensorSpec x = g.as(inputShape);
      Check.spec(this, "gradient", g, conv.infer(List.of(x, in.get(1))).getFirst());
      return List.of(x);
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return work(in, out, in.get(0), in.get(1).shape());
    }
  }

  /**
   * Gradient with respect to the weight, of shape {@code weightShape}; F32 or C64. Inputs: x, g.
   */
  public record Weight(Conv conv, Shape weightShape) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      TensorSpec x = in.get(0);
      TensorSpec w = new TensorSpec(conv.checkInput(this, x), weightShape);
      Check.spec(this, "gradient", in.get(1), conv.infer(List.of(x, w)).getFirst());
      return List.of(w);
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return work(in, out, in.get(1), weightShape);
    }
  }
}
