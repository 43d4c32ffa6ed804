package dev.larmor.models.nn;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelAffine;
import dev.larmor.engine.op.Moments;
import dev.larmor.engine.op.Mul;
import dev.larmor.engine.op.Unary;

/**
 * Mean and variance of each channel of an image, to bring it – or another image of the same scale –
 * to mean 0 and variance 1, and back.
 *
 * @param mean {@code F32[N, C]}
 * @param variance {@code F32[N, C]}
 */
public record Standardization(Tensor mean, Tensor variance) {
  /**
   * Keeps a channel that is zero throughout, as of a dead coil, at zero instead of 0/0. It is a
   * millionth of the variance of the faintest images, whose values are around 1e-9.
   */
  private static final double EPS = 1e-24;

  /**
   * The statistics of {@code x}.
   *
   * @param x {@code F32[N, C, H, W]}
   * @param correction the variance divides by {@code H·W − correction}: 0 or 1
   */
  public static Standardization of(Tensor x, int correction) {
    Tensor[] moments = new Moments(correction).applyAll(x);
    return new Standardization(moments[0], moments[1]);
  }

  /** {@code (x − mean) / sqrt(variance)}; x {@code F32[N, C, H, W]}. */
  public Tensor apply(Tensor x) {
    Tensor scale = new Unary(Unary.Function.RSQRT).apply(new Affine(1, EPS).apply(variance));
    Tensor shift = Affine.scale(-1).apply(new Mul().apply(mean, scale));
    return new ChannelAffine().apply(x, scale, shift);
  }

  /** {@code x·sqrt(variance) + mean}; x {@code F32[N, C, H, W]}. */
  public Tensor undo(Tensor x) {
    Tensor scale = new Unary(Unary.Function.SQRT).apply(new Affine(1, EPS).apply(variance));
    return new ChannelAffine().apply(x, scale, mean);
  }
}
