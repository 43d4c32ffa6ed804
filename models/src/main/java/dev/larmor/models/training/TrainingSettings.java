package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Collective;
import dev.larmor.models.augment.Augmentation;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.loss.Criterion;

/**
 * How a run trains; checked once.
 *
 * @param epochs passes over the training slices
 * @param schedule the learning rate by round
 * @param accumulation samples per optimiser step, each with a weight of one over this; the last
 *     step of an epoch may have fewer
 * @param clipNorm bound on the gradients' norm, 0 for none
 * @param masks the sampling masks drawn, for training and for validation
 * @param augmentation what is done to training samples before their mask is applied
 * @param seed of everything random
 * @param workers threads that read ahead
 * @param checkpointInterval iterations between checkpoints within an epoch
 * @param keepRounds whether the weights after every round are kept, for ensembles
 */
public record TrainingSettings(
    int epochs,
    Schedule schedule,
    Criterion criterion,
    Adam.Config optimizer,
    int accumulation,
    double clipNorm,
    TrainingMasks masks,
    Augmentation augmentation,
    long seed,
    int workers,
    int checkpointInterval,
    boolean keepRounds,
    BadFiles badFiles) {
  public TrainingSettings {
    atLeastOne("number of epochs", epochs);
    atLeastOne("accumulation step", accumulation);
    atLeastOne("number of workers", workers);
    atLeastOne("checkpoint interval", checkpointInterval);
    if (!(clipNorm >= 0)) {
      throw new IllegalArgumentException(
          "the bound on the gradients' norm must not be negative: " + clipNorm);
    }
  }

  /**
   * Checks that there is a sample of each step for each rank.
   *
   * @return these settings
   * @throws IllegalArgumentException in one sentence
   */
  public TrainingSettings checked(Collective ranks) {
    if (accumulation < ranks.size()) {
      throw new IllegalArgumentException(
          "steps of %d samples cannot be shared by %d ranks: accumulate %2$d or more"
              .formatted(accumulation, ranks.size()));
    }
    return this;
  }

  /** The same with other masks. */
  public TrainingSettings withMasks(TrainingMasks others) {
    return new TrainingSettings(
        epochs,
        schedule,
        criterion,
        optimizer,
        accumulation,
        clipNorm,
        others,
        augmentation,
        seed,
        workers,
        checkpointInterval,
        keepRounds,
        badFiles);
  }

  /** Checks a count. */
  public static void atLeastOne(String what, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("the " + what + " must be at least 1, not " + value);
    }
  }
}
