package dev.larmor.models.training;

import dev.larmor.autograd.LossScale;

/** Is told how a run goes: progress bars, logs. */
public interface TrainingListener {
  /** A round starts or goes on, at this learning rate. */
  default void round(Round round, double rate) {}

  /** A training iteration is done; {@code iteration} counts from 1. */
  default void iteration(Round round, int iteration, int iterations, double loss) {}

  /**
   * A gradient of the last iteration's step was not finite, so the step was skipped; {@code scale}
   * is the next one's.
   */
  default void overflowed(LossScale scale) {}

  /** A validation slice is done; {@code slice} counts from 1. */
  default void validated(Round round, int slice, int slices) {}

  /** A round is done and saved; {@code best} if no round had a smaller validation loss. */
  default void done(Round.Summary summary, boolean best) {}

  /** A bad file was left out; only if the settings say so. */
  default void skipped(String problem) {}
}
