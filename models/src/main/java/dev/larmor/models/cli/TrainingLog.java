package dev.larmor.models.cli;

import dev.larmor.autograd.LossScale;
import dev.larmor.models.training.Trainer;
import dev.larmor.models.training.TrainingListener;
import java.util.Locale;

/** Reports a training run: lines on standard output, progress on standard error. */
abstract sealed class TrainingLog implements TrainingListener, AutoCloseable {
  private TrainingLog() {}

  /**
   * A log.
   *
   * @param interval iterations from one line of the original format to the next
   * @param slices training and validation slices of one epoch
   */
  static TrainingLog of(LogFormat format, Console console, int epochs, int interval, int slices) {
    return switch (format) {
      case bar -> new Bar(console, epochs, slices);
      case original -> new Lines(console, epochs, interval);
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

  /** One progress line over the whole run, and a line of results for each epoch. */
  private static final class Bar extends TrainingLog {
    private final ProgressLine progress;
    private final int epochs;
    private final int slices;

    Bar(Console console, int epochs, int slices) {
      this.progress = console.progress("training", (long) epochs * slices);
      this.epochs = epochs;
      this.slices = slices;
    }

    @Override
    public void iteration(int epoch, int iteration, int iterations, double loss) {
      progress.at((long) epoch * slices + iteration, format("loss %.4f", loss));
    }

    @Override
    public void validated(int epoch, int slice, int validationSlices) {
      progress.at((long) (epoch + 1) * slices - validationSlices + slice, "validation");
    }

    @Override
    public void epoch(Trainer.Epoch e, boolean best) {
      line(
          format(
              "epoch %d/%d  loss %.5f  validation %.5f%s  rate %.2e  %.1f s + %.1f s",
              e.epoch() + 1,
              epochs,
              e.trainLoss(),
              e.validationLoss(),
              best ? " (best)" : "",
              e.rate(),
              e.trainSeconds(),
              e.validationSeconds()));
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
    private final int epochs;
    private final int interval;
    private long last = System.nanoTime();

    Lines(Console console, int epochs, int interval) {
      this.console = console;
      this.epochs = epochs;
      this.interval = interval;
    }

    @Override
    public void learningRate(int epoch, double rate) {
      line(format("Adjusting learning rate to %.6f", rate));
      last = System.nanoTime();
    }

    @Override
    public void iteration(int epoch, int iteration, int iterations, double loss) {
      int index = iteration - 1;
      if (index % interval != 0) {
        return;
      }
      long now = System.nanoTime();
      line(
          format(
              "Epoch = [%3d/%3d]  Fold = [%2d/%2d]  Iter = [%4d/%4d]  Loss = %.5f  Time = %.4fs",
              epoch, epochs, 0, 1, index, iterations, loss, (now - last) * 1e-9));
      last = now;
    }

    @Override
    public void epoch(Trainer.Epoch e, boolean best) {
      line(
          format(
              "Epoch = [%4d/%4d]   TrainLoss = %.4g   ValLoss = %.4g"
                  + "   TrainTime = %.4fs   ValTime = %.4fs",
              e.epoch(),
              epochs,
              e.trainLoss(),
              e.validationLoss(),
              e.trainSeconds(),
              e.validationSeconds()));
    }

    @Override
    void line(String text) {
      console.line(text);
    }

    @Override
    public void close() {}
  }
}
