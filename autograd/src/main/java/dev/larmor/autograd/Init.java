package dev.larmor.autograd;

import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Uniform;

/** How a parameter's first values are made. */
@FunctionalInterface
public interface Init {
  /**
   * A tensor of {@code spec} in the current scope; random values come from {@code stream} alone.
   */
  Tensor create(Device device, Philox stream, TensorSpec spec);

  /**
   * PyTorch's default for convolutions and linear layers, weights and biases alike: uniform in
   * ±1/sqrt(fanIn).
   *
   * @param fanIn input channels of a group times kernel elements
   */
  static Init fanIn(long fanIn) {
    float bound = (float) (1 / Math.sqrt(fanIn));
    return (device, stream, spec) -> new Uniform(stream, spec.shape(), -bound, bound).on(device);
  }

  /**
   * Normal with standard deviation {@code sqrt(2 / ((1 + slope²)·fanIn))}, which keeps the size of
   * what goes through a layer and a leaky ReLU (He et al., ICCV 2015). The numbers are drawn on the
   * host.
   *
   * @param fanIn input channels of a group times kernel elements
   * @param slope of the leaky ReLU that follows
   */
  static Init heNormal(long fanIn, double slope) {
    double deviation = Math.sqrt(2 / ((1 + slope * slope) * fanIn));
    return (device, stream, spec) -> {
      float[] values = new float[Math.toIntExact(spec.shape().elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (deviation * stream.normal(i));
      }
      return device.tensor(spec, values);
    };
  }

  /** Every element {@code value}. */
  static Init constant(double value) {
    return (device, stream, spec) -> new Fill(spec, value).on(device);
  }
}
