package dev.larmor.models.nn;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import java.util.List;

/**
 * A convolution with its weights, 2-D or 3-D: {@code [N, in, …]} to {@code [N, out, …]}.
 * Parameters: {@code weight} {@code [out, in/groups, k…]} and, if asked for, {@code bias} {@code
 * [out]}, first uniform in ±1/sqrt(fan in).
 */
public final class Convolution extends Layer {
  private final Conv conv;
  private final Parameter weight;
  private final Parameter bias;

  /**
   * A real convolution.
   *
   * @param conv stride, padding, dilation and groups
   * @param kernel the kernel's extents, one per spatial axis
   */
  public Convolution(Conv conv, int in, int out, List<Integer> kernel, boolean bias) {
    Init init = Init.fanIn(fanIn(conv, in, kernel));
    this.conv = conv;
    this.weight = parameter("weight", weightSpec(DType.F32, out, in / conv.groups(), kernel), init);
    this.bias = bias ? parameter("bias", TensorSpec.of(DType.F32, out), init) : null;
  }

  /** Stride 1 and zero padding that keeps the size: an odd {@code kernel} on each of two axes. */
  public static Convolution same2d(int in, int out, int kernel, boolean bias) {
    return new Convolution(Conv.padded(2, kernel / 2), in, out, List.of(kernel, kernel), bias);
  }

  /** Input channels of a group times kernel elements: how many products each output sums. */
  static long fanIn(Conv conv, int in, List<Integer> kernel) {
    long fan = in / conv.groups();
    for (int k : kernel) {
      fan *= k;
    }
    return fan;
  }

  /** A weight {@code [first, second, k…]}. */
  static TensorSpec weightSpec(DType dtype, int first, int second, List<Integer> kernel) {
    long[] dims = new long[kernel.size() + 2];
    dims[0] = first;
    dims[1] = second;
    for (int i = 0; i < kernel.size(); i++) {
      dims[i + 2] = kernel.get(i);
    }
    return new TensorSpec(dtype, Shape.of(dims));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return bias == null
        ? conv.apply(x, weight.value())
        : conv.apply(x, weight.value(), bias.value());
  }
}
