package dev.larmor.models.nn;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Tensor;

/**
 * Two 3 × 3 {@link ConvNormAct} in a row, as in each level of a U-Net (Ronneberger et al. 2015):
 * {@code [N, in, H, W]} to {@code [N, out, H, W]}.
 */
public final class ConvBlock extends Layer {
  private final ConvNormAct first;
  private final ConvNormAct second;

  public ConvBlock(int in, int out, float dropout) {
    first = child("layers.0", new ConvNormAct(in, out, 3, dropout));
    second = child("layers.4", new ConvNormAct(out, out, 3, dropout));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return second.apply(first.apply(x));
  }
}
