package dev.larmor.models.nn;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Tensor;

/**
 * The way up of a U-Net: 2 × 2 transposed convolution of stride 2, instance norm, leaky ReLU.
 * {@code [N, in, H, W]} to {@code [N, out, 2H, 2W]}.
 */
public final class TransposeConvBlock extends Layer {
  private final TransposedConvolution up;

  public TransposeConvBlock(int in, int out) {
    up = child("layers.0", new TransposedConvolution(2, in, out, 2));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return InstanceNorm.LEAKY.apply(up.apply(x));
  }
}
