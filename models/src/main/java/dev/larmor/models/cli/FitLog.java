package dev.larmor.models.cli;

import dev.larmor.models.fit.EpochSummary;
import dev.larmor.models.fit.FitListener;
import dev.larmor.models.fit.Task;
import java.util.Locale;
import java.util.Map;

/** Reports a fit: one progress line over the whole run, and a line of figures for each epoch. */
final class FitLog implements FitListener, AutoCloseable {
  private final ProgressLine progress;
  private final int epochs;
  private final int steps;

  /**
   * The log of a run.
   *
   * @param task what the progress line calls it
   */
  FitLog(Console console, String task, int epochs, int steps) {
    this.progress = console.progress(task, (long) epochs * steps);
    this.epochs = epochs;
    this.steps = steps;
  }

  @Override
  public void step(int epoch, int step, Map<String, Double> figures) {
    progress.at(
        (long) epoch * steps + step,
        String.format(Locale.ROOT, "loss %.4f", figures.get(Task.LOSS)));
  }

  @Override
  public void note(String sentence) {
    progress.print(sentence);
  }

  @Override
  public void done(EpochSummary summary, boolean best) {
    StringBuilder line = new StringBuilder("epoch %d/%d".formatted(summary.epoch() + 1, epochs));
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

  private static void append(StringBuilder line, String name, double value) {
    line.append(String.format(Locale.ROOT, "  %s %.4f", name.replace('_', ' '), value));
  }

  @Override
  public void close() {
    progress.close();
  }
}
