package dev.larmor.models.data;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.SamplingMask.Comb;

/**
 * How masks are drawn for fully sampled k-space: of which acceleration and which kind.
 *
 * @param acceleration R, at least 1
 * @param centreFraction share of the columns in the fully sampled centre block, in (0, 1]
 * @param randomProbability probability of the random kind, else equispaced, in [0, 1]
 * @param comb how equispaced masks pass the centre block
 */
public record MaskPolicy(
    int acceleration, double centreFraction, double randomProbability, Comb comb) {
  /** The centre fraction of specification section 2, used for every acceleration. */
  public static final double CENTRE_FRACTION = 0.08;

  /** Checks the ranges. */
  public MaskPolicy {
    if (acceleration < 1) {
      throw new IllegalArgumentException("acceleration " + acceleration + ", expected at least 1");
    }
    if (!(centreFraction > 0 && centreFraction <= 1)) {
      throw new IllegalArgumentException("centre fraction " + centreFraction + " outside (0, 1]");
    }
    if (!(randomProbability >= 0 && randomProbability <= 1)) {
      throw new IllegalArgumentException(
          "probability of random masks " + randomProbability + " outside [0, 1]");
    }
  }

  /** The challenge's masks: combs of the outer columns. */
  public MaskPolicy(int acceleration, double centreFraction, double randomProbability) {
    this(acceleration, centreFraction, randomProbability, Comb.OUTER);
  }

  /** Equispaced masks only. */
  public static MaskPolicy equispaced(int acceleration) {
    return new MaskPolicy(acceleration, CENTRE_FRACTION, 0);
  }

  /**
   * Draws a mask.
   *
   * @param width W
   * @param stream decides kind, offset and columns; the same stream gives the same mask
   */
  public SamplingMask draw(int width, Philox stream) {
    if (stream.with("kind").uniform(0) < randomProbability) {
      return SamplingMask.random(width, acceleration, centreFraction, stream.with("columns"));
    }
    int offset = stream.with("offset").below(acceleration, 0);
    return SamplingMask.equispaced(width, acceleration, centreFraction, offset, comb);
  }
}
