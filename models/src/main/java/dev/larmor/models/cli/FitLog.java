package dev.larmor.models.cli;

import dev.larmor.models.fit.EpochSummary;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.Task;
import java.util.Locale;
import java.util.Map;

/**
 * Reports a training: one progress line over the whole run, and a line of figures for each epoch.
 */
final class FitLog implements FitListener, AutoCloseable {
  private final ProgressLine progress;
  private final int epochs;
  private final int steps;
  private int before; // epochs of fits that came before this one

  /**
   * The log of a run.
   *
   * @param task what the progress line calls it
   * @param epochs of all its fits together
   * @param steps of an epoch
   */
  FitLog(Console console, String task, int epochs, int steps) {
    this.progress = console.progress(task, (long) epochs * steps);
    this.epochs = epochs;
    this.steps = steps;
  }

  /** The log, of the fit that follows after so many epochs of others. */
  FitLog after(int epochs) {
    before = epochs;
    return this;
  }

  @Override
  public void step(int epoch, int step, Map<String, Double> figures) {
    progress.at(
        (long) (before + epoch) * steps + step,
        String.format(Locale.ROOT, "loss %.4f", figures.get(Task.LOSS)));
  }

  @Override
  public void note(String sentence) {
    progress.print(sentence);
  }

  @Override
  public void done(EpochSummary summary, boolean best) {
    StringBuilder line =
        new StringBuilder("epoch %d/%d".formatted(before + summary.epoch() + 1, epochs));
    summary.means().forEach((name, value) -> append(line, name, value));
    summary.measured().forEach((name, value) -> append(line, name, value));
    line.append(best ? " (best)" : "");
    line.append(
        String.format(Locale.ROOT, "  rate %.2e  %.1f s", summary.rate(), summary.seconds()));
    if (summary.skipped() > 0) {
      line.append("  ").append(Larmor.count(summary.skipped(), "step")).append(" skipped");
    }
    progress.print(line.toString());
  }

  /** A figure, unless it was not measured this time. */
  private static void append(StringBuilder line, String name, double value) {
    if (Double.isNaN(value)) {
      return;
    }
    line.append(String.format(Locale.ROOT, "  %s %.4f", name.replace('_', ' '), value));
  }

  @Override
  public void close() {
    progress.close();
  }
}
