package dev.larmor.models.augment;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.LeakyRelu;
import dev.larmor.engine.op.Mul;
import dev.larmor.engine.op.Rss;
import dev.larmor.engine.op.Spread;
import dev.larmor.engine.op.Sum;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Unary.Function;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.loss.AnatomicalRegion;
import dev.larmor.models.nn.CentreCrop;

/**
 * Other brightness b and contrast c inside the anatomical region: a magnitude x becomes {@code
 * max(0, m + c·(b·x − m))}, m the mean of b·x over the region.
 *
 * @param brightness b, 1 for the same
 * @param contrast c, 1 for the same
 */
public record Intensity(double brightness, double contrast) {
  /** No change. */
  public static final Intensity SAME = new Intensity(1, 1);

  /** Keeps the mean of an empty region finite; no number of pixels notices it. */
  private static final double TINY = 1e-9;

  /**
   * Changes coil images and target by the same curve, in the region of the coil images.
   *
   * @param images {@code C64[coils, H, W]}; their root sum of squares follows the curve, their
   *     phases stay
   * @param target {@code F32[1, S, S]}
   * @return both
   */
  Tensor[] apply(Tensor images, Tensor target, Anatomy anatomy) {
    Tensor magnitude = new Rss().apply(images);
    Tensor region = AnatomicalRegion.of(magnitude, anatomy).mask();
    Tensor shift = Affine.scale(brightness * (1 - contrast)).apply(mean(magnitude, region));
    Tensor changed = curve(magnitude, region, shift);
    CentreCrop crop = new CentreCrop(target.shape().size(-2), target.shape().size(-1));
    return new Tensor[] {
      // x·changed/magnitude, 0 where the magnitude is: what this rule computes.
      new Rss.Grad().apply(changed, images, magnitude), curve(target, crop.apply(region), shift)
    };
  }

  private static Tensor mean(Tensor magnitude, Tensor region) {
    Tensor pixels = new Affine(1, TINY).apply(new Sum().apply(region));
    Tensor root = new Unary(Function.RSQRT).apply(pixels);
    return new Mul().apply(new Dot().apply(magnitude, region), new Mul().apply(root, root));
  }

  /** {@code max(0, c·b·x + shift)} in the region and x outside, to the bit. */
  private Tensor curve(Tensor x, Tensor region, Tensor shift) {
    Tensor scaled = Affine.scale(contrast * brightness).apply(x);
    Tensor shifted = new Add().apply(scaled, new Spread(x.spec()).apply(shift));
    Tensor positive = new LeakyRelu(0).apply(shifted);
    Tensor outside = new Affine(-1, 1).apply(region);
    return new Add().apply(new Mul().apply(positive, region), new Mul().apply(x, outside));
  }
}
