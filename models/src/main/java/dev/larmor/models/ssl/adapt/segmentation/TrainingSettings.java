package dev.larmor.models.ssl.adapt.segmentation;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What a training's steps are made of, beside what {@link dev.larmor.models.fit.FitSettings} says.
 *
 * @param epochs of the run
 * @param batch patches of a step
 * @param foreground share of patches around a voxel that is not background, in [0, 1]
 * @param augmented whether patches are changed at random
 * @param batchDice see {@link DiceCrossEntropy}
 * @param recompute whether activations are made anew for the backward pass instead of kept
 * @param validationInterval epochs from one look at the held-out cases to the next, 0 for none
 * @param workers threads that read ahead
 * @param pretrained the checkpoint that the encoder starts from, if it does
 * @param seed of all that is random
 */
public record TrainingSettings(
    int epochs,
    int batch,
    double foreground,
    boolean augmented,
    boolean batchDice,
    boolean recompute,
    int validationInterval,
    int workers,
    Optional<Path> pretrained,
    long seed) {
  public TrainingSettings {
    if (batch < 1 || workers < 1 || validationInterval < 0) {
      throw new IllegalArgumentException(
          "a batch of %d, %d workers, %d epochs between validations: at least 1, 1 and 0"
              .formatted(batch, workers, validationInterval));
    }
    if (!(foreground >= 0 && foreground <= 1)) {
      throw new IllegalArgumentException(
          "the share of foreground patches must be in [0, 1], not " + foreground);
    }
  }
}
