package dev.larmor.models.cli;

import dev.larmor.autograd.Schedule;
import java.util.List;
import picocli.CommandLine.Option;

/** The learning rate's course over a training. */
final class ScheduleOptions {
  /** The courses by their names. */
  enum Scheduler {
    constant,
    cosine,
    warmup_cosine,
    double_warmup_cosine
  }

  @Option(
      names = "--scheduler",
      defaultValue = "cosine",
      paramLabel = "NAME",
      description =
          "The learning rate's course: ${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Scheduler scheduler;

  @Option(
      names = {"--lr-max", "--lr"},
      defaultValue = "3e-4",
      paramLabel = "R",
      description = "Learning rate (default: ${DEFAULT-VALUE}).")
  private double lrMax;

  @Option(
      names = "--lr-min",
      defaultValue = "5e-5",
      paramLabel = "R",
      description = "Its end, for the cosines (default: ${DEFAULT-VALUE}).")
  private double lrMin;

  @Option(
      names = "--warmup",
      defaultValue = "1",
      paramLabel = "N",
      description = "Warm-up epochs, for warmup_cosine (default: ${DEFAULT-VALUE}).")
  private long warmup;

  @Option(
      names = "--double-warmup",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "w1,a1,w2,a2",
      description = "Epochs of the two warm-ups and cosines, for double_warmup_cosine.")
  private List<Long> doubleWarmup;

  @Option(
      names = "--lr-max2",
      defaultValue = "1e-4",
      paramLabel = "R",
      description = "Second peak, for double_warmup_cosine (default: ${DEFAULT-VALUE}).")
  private double lrMax2;

  @Option(
      names = "--lr-min2",
      defaultValue = "1e-5",
      paramLabel = "R",
      description = "Second end, for double_warmup_cosine (default: ${DEFAULT-VALUE}).")
  private double lrMin2;

  /**
   * The schedule.
   *
   * @param folds rounds of an epoch: the rate moves on with each, options count epochs
   * @throws IllegalArgumentException in one sentence, if the options do not go together
   */
  Schedule schedule(int epochs, int folds) {
    long rounds = (long) epochs * folds;
    return switch (scheduler) {
      case constant -> new Schedule.Constant(lrMax);
      case cosine -> new Schedule.Cosine(lrMax, lrMin, rounds);
      case warmup_cosine -> new Schedule.WarmupCosine(lrMax, warmup * folds, rounds);
      case double_warmup_cosine -> {
        if (doubleWarmup == null || doubleWarmup.size() != 4) {
          throw new IllegalArgumentException(
              "--scheduler double_warmup_cosine wants --double-warmup w1,a1,w2,a2");
        }
        long w1 = doubleWarmup.get(0);
        long a1 = doubleWarmup.get(1);
        long w2 = doubleWarmup.get(2);
        long a2 = doubleWarmup.get(3);
        if (w1 + a1 + w2 + a2 != epochs) {
          throw new IllegalArgumentException(
              "--double-warmup " + doubleWarmup + " must add up to " + epochs + " epochs");
        }
        yield new Schedule.DoubleWarmupCosine(
            w1 * folds, a1 * folds, w2 * folds, a2 * folds, lrMax, lrMin, lrMax2, lrMin2);
      }
    };
  }
}
