package dev.larmor.bench.peer;

import org.bytedeco.pytorch.Tensor;

/** Twice 3×3 convolution without bias, instance norm, leaky ReLU. */
final class ConvBlock {
  private final Tensor first;
  private final Tensor second;

  ConvBlock(Weights weights, String name, int in, int out) {
    first = weights.uniform(name + ".layers.0.weight", 9L * in, out, in, 3, 3);
    second = weights.uniform(name + ".layers.4.weight", 9L * out, out, out, 3, 3);
  }

  /** {@code [N, in, H, W]} to {@code [N, out, H, W]}. */
  Tensor forward(Tensor x) {
    try (Frame f = new Frame()) {
      Tensor y = Layers.convNormAct(x, first);
      y = Layers.through(y, t -> Layers.conv(t, second, null));
      return f.keep(Layers.normAct(y));
    }
  }
}
