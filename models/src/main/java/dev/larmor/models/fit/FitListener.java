package dev.larmor.models.fit;

import java.util.Map;

/** Is told how a {@link Fit} goes: progress bars, logs. */
public interface FitListener {
  /** An epoch starts or goes on, at this learning rate. */
  default void epoch(int epoch, double rate) {}

  /** A step is done; {@code step} counts from 1 within its epoch. */
  default void step(int epoch, int step, Map<String, Double> figures) {}

  /** Something was left out or skipped: one sentence. */
  default void note(String sentence) {}

  /** An epoch is done and saved; {@code best} if none had a better figure. */
  default void done(EpochSummary summary, boolean best) {}
}
