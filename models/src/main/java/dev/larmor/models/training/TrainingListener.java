package dev.larmor.models.training;

import dev.larmor.autograd.LossScale;

/** Is told how a run goes: progress bars, logs. */
public interface TrainingListener {
  /** The learning rate of the epoch that starts or goes on. */
  default void learningRate(int epoch, double rate) {}

  /** A training iteration is done; {@code iteration} counts from 1. */
  default void iteration(int epoch, int iteration, int iterations, double loss) {}

  /**
   * A gradient of the last iteration's step was not finite, so the step was skipped; {@code scale}
   * is the next one's.
   */
  default void overflowed(LossScale scale) {}

  /** A validation slice is done; {@code slice} counts from 1. */
  default void validated(int epoch, int slice, int slices) {}

  /** An epoch is done and saved; {@code best} if no epoch had a smaller validation loss. */
  default void epoch(Trainer.Epoch summary, boolean best) {}

  /** A bad file was left out; only if the settings say so. */
  default void skipped(String problem) {}
}
