package dev.larmor.models.loss;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.AnatomicalMask;
import dev.larmor.engine.op.Mul;
import dev.larmor.models.data.Anatomy;

/**
 * Where a target image shows anatomy.
 *
 * @param mask {@code F32[N, H, W]}, 1 inside and 0 outside
 */
public record AnatomicalRegion(Tensor mask) {
  /**
   * The region of target images: above a threshold of the anatomy, smoothed by erosions and
   * dilations.
   *
   * @param target {@code F32[N, H, W]}, in the data sets' units
   */
  public static AnatomicalRegion of(Tensor target, Anatomy anatomy) {
    return new AnatomicalRegion(new AnatomicalMask(threshold(anatomy)).apply(target));
  }

  /** Intensity that separates tissue from noise, in the data sets' units. */
  public static float threshold(Anatomy anatomy) {
    return switch (anatomy) {
      case BRAIN -> 5e-5f;
      case KNEE -> 2e-5f;
    };
  }

  /** Images {@code F32[N, H, W]} with everything outside set to 0. */
  public Tensor inside(Tensor images) {
    return new Mul().apply(images, mask);
  }
}
