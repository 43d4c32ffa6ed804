package dev.larmor.models.cli;

import dev.larmor.autograd.LossScale;
import dev.larmor.models.training.Round;
import dev.larmor.models.training.Split;
import dev.larmor.models.training.TrainingListener;
import java.util.List;
import java.util.Locale;

/** Reports a training run: lines on standard output, progress on standard error. */
abstract sealed class TrainingLog implements TrainingListener, AutoCloseable {
  private TrainingLog() {}

  /** The log of one expert's training. */
  static TrainingLog of(
      LogFormat format,
      Console console,
      int interval,
      String expert,
      List<Split> folds,
      int epochs) {
    return switch (format) {
      case bar -> new Bar(console, expert, folds, epochs);
      case original -> new Lines(console, expert, epochs, interval);
    };
  }

  /** Prints a line of results. */
  abstract void line(String text);

  @Override
  public void overflowed(LossScale scale) {
    line(
        format(
            "a gradient overflowed: step skipped (%d so far), the loss scale is now 2^%d",
            scale.skipped(), Math.getExponent(scale.value())));
  }

  @Override
  public void skipped(String problem) {
    line("left out: " + problem);
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }

  @Override
  public abstract void close();

  /** One progress line over the whole run, and a line of results for each round. */
  private static final class Bar extends TrainingLog {
    private final ProgressLine progress;
    private final int epochs;
    private final long[] before; // slices of an epoch before each fold's round; the last: of all

    Bar(Console console, String expert, List<Split> folds, int epochs) {
      this.epochs = epochs;
      before = new long[folds.size() + 1];
      for (int f = 0; f < folds.size(); f++) {
        Split split = folds.get(f);
        before[f + 1] =
            before[f] + split.training().slices().size() + split.validation().slices().size();
      }
      progress = console.progress("training " + expert, epochs * before[folds.size()]);
    }

    private long begin(Round round) {
      return round.epoch() * before[round.folds()] + before[round.fold()];
    }

    @Override
    public void iteration(Round round, int iteration, int iterations, double loss) {
      progress.at(begin(round) + iteration, format("loss %.4f", loss));
    }

    @Override
    public void validated(Round round, int slice, int slices) {
      long end = begin(round) + before[round.fold() + 1] - before[round.fold()];
      progress.at(end - slices + slice, "validation");
    }

    @Override
    public void done(Round.Summary s, boolean best) {
      Round round = s.round();
      String fold =
          round.folds() == 1 ? "" : format("  fold %d/%d", round.fold() + 1, round.folds());
      line(
          format(
              "epoch %d/%d%s  loss %.5f  validation %.5f%s  rate %.2e  %.1f s + %.1f s  idle %.1f %%",
              round.epoch() + 1,
              epochs,
              fold,
              s.trainLoss(),
              s.validationLoss(),
              best ? " (best)" : "",
              s.rate(),
              s.trainSeconds(),
              s.validationSeconds(),
              100 * s.idleShare()));
    }

    @Override
    void line(String text) {
      progress.print(text);
    }

    @Override
    public void close() {
      progress.close();
    }
  }

  /** Lines as the original system prints them, for those who search its logs. */
  private static final class Lines extends TrainingLog {
    private final Console console;
    private final String expert;
    private final int epochs;
    private final int interval;
    private long last = System.nanoTime();

    Lines(Console console, String expert, int epochs, int interval) {
      this.console = console;
      this.expert = expert;
      this.epochs = epochs;
      this.interval = interval;
    }

    @Override
    public void round(Round round, double rate) {
      line(format("Fold %d/%d for class %s", round.fold(), round.folds(), expert));
      line(format("Adjusting learning rate to %.6f", rate));
      last = System.nanoTime();
    }

    @Override
    public void iteration(Round round, int iteration, int iterations, double loss) {
      int index = iteration - 1;
      if (index % interval != 0) {
        return;
      }
      long now = System.nanoTime();
      line(
          format(
              "Epoch = [%3d/%3d]  Fold = [%2d/%2d]  Iter = [%4d/%4d]  Loss = %.5f  Time = %.4fs",
              round.epoch(),
              epochs,
              round.fold(),
              round.folds(),
              index,
              iterations,
              loss,
              (now - last) * 1e-9));
      last = now;
    }

    @Override
    public void done(Round.Summary s, boolean best) {
      line(
          format(
              "Epoch = [%4d/%4d]   TrainLoss = %.4g   ValLoss = %.4g"
                  + "   TrainTime = %.4fs   ValTime = %.4fs",
              s.round().epoch(),
              epochs,
              s.trainLoss(),
              s.validationLoss(),
              s.trainSeconds(),
              s.validationSeconds()));
      line(format("The device waited for data %.1f %% of the time", 100 * s.idleShare()));
    }

    @Override
    void line(String text) {
      console.line(text);
    }

    @Override
    public void close() {}
  }
}
