package dev.larmor.models.fit;

import dev.larmor.autograd.Optimizer;
import dev.larmor.autograd.Schedule;
import dev.larmor.engine.Precision;
import java.util.Optional;

/**
 * How a {@link Fit} trains; checked once.
 *
 * @param epochs to train
 * @param steps of the optimiser in an epoch
 * @param schedule the learning rate by epoch
 * @param clipNorm bound on the gradients' norm, 0 for none
 * @param precision of the feature maps, which decides on the loss scale
 * @param checkpointInterval steps between checkpoints within an epoch, 0 for none
 * @param keepEvery epochs between the checkpoints that are kept, 0 for none
 * @param best the measured figure whose best epoch is kept
 */
public record FitSettings(
    int epochs,
    int steps,
    Schedule schedule,
    Optimizer.Config optimizer,
    double clipNorm,
    Precision precision,
    int checkpointInterval,
    int keepEvery,
    Optional<Best> best) {
  /** A measured figure, and whether more is better. */
  public record Best(String figure, boolean more) {
    boolean better(double value, double than) {
      return more ? value > than : value < than;
    }
  }

  public FitSettings {
    if (epochs < 1 || steps < 1) {
      throw new IllegalArgumentException(
          "%d epochs of %d steps: there is at least 1 of each".formatted(epochs, steps));
    }
    if (!(clipNorm >= 0) || checkpointInterval < 0 || keepEvery < 0) {
      throw new IllegalArgumentException(
          "the bound on the gradients' norm %s, the checkpoint interval %d and the epochs between kept checkpoints %d must not be negative"
              .formatted(clipNorm, checkpointInterval, keepEvery));
    }
  }
}
