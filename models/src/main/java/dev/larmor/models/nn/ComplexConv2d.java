package dev.larmor.models.nn;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.ChannelsToComplex;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.Reshape;
import dev.larmor.engine.op.Uniform;
import java.util.List;

/**
 * A true complex convolution, {@code C64[N, in, H, W]} to {@code C64[N, out, H, W]}: y = w·x + b
 * with complex products. Parameters: {@code weight} {@code C64[out, in, k, k]} and, if asked for,
 * {@code bias} {@code C64[out]}.
 *
 * <p>Real and imaginary parts are first uniform in ±1/sqrt(2·fan in), so that |w|² is on average
 * what it is in a real layer (Trabelsi et al., "Deep complex networks", 2018, section 3.6).
 */
public final class ComplexConv2d extends Layer {
  private final Conv conv;
  private final Parameter weight;
  private final Parameter bias;

  /**
   * A layer that keeps the size.
   *
   * @param kernel odd extent of the kernel on both axes
   * @param bias whether a constant is added to each output channel
   */
  public ComplexConv2d(int in, int out, int kernel, boolean bias) {
    List<Integer> extents = List.of(kernel, kernel);
    this.conv = Conv.padded(2, kernel / 2);
    Init init = uniform(1 / Math.sqrt(2.0 * Convolution.fanIn(conv, in, extents)));
    this.weight = parameter("weight", Convolution.weightSpec(DType.C64, out, in, extents), init);
    this.bias = bias ? parameter("bias", TensorSpec.of(DType.C64, out), init) : null;
  }

  private static Init uniform(double bound) {
    float b = (float) bound;
    return (device, stream, spec) -> {
      Shape pairs = Shape.of(spec.shape().elements(), 2, 1, 1);
      Tensor complex = new ChannelsToComplex().apply(new Uniform(stream, pairs, -b, b).on(device));
      return new Reshape(spec.shape()).apply(complex);
    };
  }

  @Override
  protected Tensor forward(Tensor x) {
    return bias == null
        ? conv.apply(x, weight.value())
        : conv.apply(x, weight.value(), bias.value());
  }
}
