package dev.larmor.models.training;

import dev.larmor.models.data.Classifier;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask.Comb;
import dev.larmor.models.data.fastmri.Volume;

/**
 * The sampling masks that training draws, a fresh one for every sample.
 *
 * @param acceleration R; 0 for each volume's own, 4 where it is fully sampled
 * @param centreFraction share of the columns in the fully sampled centre block
 * @param randomProbability probability of a random instead of an equispaced mask
 * @param comb how equispaced masks pass the centre block
 */
public record TrainingMasks(
    int acceleration, double centreFraction, double randomProbability, Comb comb) {
  /** Equispaced masks of each volume's own acceleration. */
  public static final TrainingMasks DEFAULT =
      new TrainingMasks(0, MaskPolicy.CENTRE_FRACTION, 0, Comb.OUTER);

  public TrainingMasks {
    if (acceleration < 0) {
      throw new IllegalArgumentException("the acceleration must not be negative: " + acceleration);
    }
    new MaskPolicy(1, centreFraction, randomProbability, comb); // checks them
  }

  /** The same, of another acceleration. */
  public TrainingMasks withAcceleration(int other) {
    return new TrainingMasks(other, centreFraction, randomProbability, comb);
  }

  /** How to draw for a volume. */
  public MaskPolicy policy(Volume volume) {
    int r = acceleration;
    if (r == 0) {
      r = volume.mask().isFull() ? 4 : Classifier.STANDARD.acceleration(volume.mask());
    }
    return new MaskPolicy(r, centreFraction, randomProbability, comb);
  }
}
