package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Schedule;
import dev.larmor.models.augment.Augmentation;
import dev.larmor.models.data.fastmri.FastMriFolder.BadFiles;
import dev.larmor.models.loss.Criterion;

/**
 * How a run trains; checked once.
 *
 * @param epochs passes over the training slices
 * @param schedule the learning rate by epoch
 * @param accumulation samples per optimiser step, each with a weight of one over this; the last
 *     step of an epoch may have fewer
 * @param clipNorm bound on the gradients' norm, 0 for none
 * @param acceleration of the masks drawn; 0 for each volume's own, 4 where it is fully sampled
 * @param randomMask probability of random instead of equispaced masks
 * @param augmentation what is done to training samples before their mask is applied
 * @param seed of everything random
 * @param workers threads that read ahead
 * @param checkpointInterval iterations between checkpoints within an epoch
 */
public record TrainingSettings(
    int epochs,
    Schedule schedule,
    Criterion criterion,
    Adam.Config optimizer,
    int accumulation,
    double clipNorm,
    int acceleration,
    double randomMask,
    Augmentation augmentation,
    long seed,
    int workers,
    int checkpointInterval,
    BadFiles badFiles) {
  public TrainingSettings {
    atLeastOne("number of epochs", epochs);
    atLeastOne("accumulation step", accumulation);
    atLeastOne("number of workers", workers);
    atLeastOne("checkpoint interval", checkpointInterval);
    if (acceleration < 0) {
      throw new IllegalArgumentException("the acceleration must not be negative: " + acceleration);
    }
    if (!(randomMask >= 0 && randomMask <= 1)) {
      throw new IllegalArgumentException(
          "the probability of random masks must be in [0, 1], not " + randomMask);
    }
    if (!(clipNorm >= 0)) {
      throw new IllegalArgumentException(
          "the bound on the gradients' norm must not be negative: " + clipNorm);
    }
  }

  /** Checks a count. */
  public static void atLeastOne(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("the " + what + " must be at least 1, not " + value);
    }
  }
}
