package dev.larmor.models.cli;

import dev.larmor.autograd.Recompute;
import dev.larmor.engine.BudgetExceededException;
import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger;
import dev.larmor.models.simclr.StepPlan;
import dev.larmor.models.simclr.StepPlan.Choice;
import dev.larmor.models.training.DryRun;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How a contrastive step is made to fit a device's memory. */
final class ChunkOptions {
  private static final String AUTO = "auto";

  /** Of a device's memory that is used where there is no budget; the rest is for others. */
  private static final double SHARE = 0.9;

  @Option(
      names = "--chunk",
      defaultValue = AUTO,
      paramLabel = "N",
      description =
          "Pairs of views that go through the network together; auto for as many as the memory"
              + " holds (default: ${DEFAULT-VALUE}). It changes memory, time and rounding alone.")
  private String chunk;

  @Option(
      names = "--recompute",
      defaultValue = AUTO,
      paramLabel = "WHEN",
      description =
          "always or never recompute blocks in the backward pass, or auto: only if no pair fits"
              + " without (default: ${DEFAULT-VALUE}).")
  private RecomputeMode recompute;

  /** The policies allowed, the fastest first. */
  private List<Recompute> policies() {
    return switch (recompute) {
      case always -> List.of(Recompute.ALWAYS);
      case never -> List.of(Recompute.NEVER);
      case auto -> List.of(Recompute.NEVER, Recompute.ALWAYS);
    };
  }

  /**
   * The fastest way to take a step within a number of bytes, by dry runs.
   *
   * @throws IllegalArgumentException if {@code --chunk} is no number
   */
  Optional<Choice> fitting(StepPlan plan, long budgetBytes) {
    int wanted = wanted();
    for (Recompute policy : policies()) {
      Optional<Choice> choice =
          wanted == 0
              ? plan.largest(policy, budgetBytes)
              : Optional.of(plan.choice(Math.min(wanted, plan.batch()), policy))
                  .filter(found -> found.report().peak().live() <= budgetBytes);
      if (choice.isPresent()) {
        return choice;
      }
    }
    return Optional.empty();
  }

  /** The chunk asked for, 0 for auto. */
  private int wanted() {
    if (chunk.equals(AUTO)) {
      return 0;
    }
    if (!chunk.matches("[1-9][0-9]{0,8}")) {
      throw new IllegalArgumentException(
          "--chunk is '" + chunk + "', expected auto or a whole number from 1");
    }
    return Integer.parseInt(chunk);
  }

  /** A choice in words. */
  static String text(Choice choice) {
    return "%s at a time, %s, at most %s"
        .formatted(
            Larmor.count(choice.chunk(), "pair"),
            choice.recompute().equals(Recompute.NEVER)
                ? "nothing recomputed"
                : "every block recomputed",
            Ledger.readable(choice.report().peak().live()));
  }

  /** Refuses what cannot be asked for, before there is any work. */
  void check() {
    wanted();
  }

  /**
   * The fastest way to take a step on a device.
   *
   * @param plan of a step on that device's dry run
   * @throws BudgetExceededException with the bill, if there is none
   */
  Choice choice(StepPlan plan, Device device) {
    long budget = budget(device);
    return fitting(plan, budget)
        .orElseThrow(() -> {
          DryRun.Report least = plan.choice(Math.max(1, wanted()), policies().getLast()).report();
          return new BudgetExceededException(
              "a step of %d pairs of views of %d voxels a side takes %s, there are %s; %s"
                  .formatted(
                      plan.batch(),
                      plan.side(),
                      Ledger.readable(least.peak().live()),
                      Ledger.readable(budget),
                      least.peak()));
        });
  }

  /** The device's budget; without one, most of its memory, which on a CPU the heap is part of. */
  private static long budget(Device device) {
    long given = device.config().budgetBytes();
    if (given != Long.MAX_VALUE) {
      return given;
    }
    boolean cpu = device.dryRun().equals("meta:cpu");
    long heap = cpu ? Runtime.getRuntime().maxMemory() : 0;
    return (long) (SHARE * (device.capabilities().memoryBytes() - heap));
  }
}
