package dev.larmor.autograd;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Which stages to recompute so that a training step fits a budget, found by dry runs: the fewest,
 * exchanged for as many others that cost less work where those suffice.
 *
 * @param stages module paths of the stages to recompute
 * @param peakBytes the dry run's peak with these stages recomputed
 * @param fits whether that is within the budget; if not, every stage is recomputed and it is still
 *     too much
 */
public record RecomputePlan(Set<String> stages, long peakBytes, boolean fits) {
  /**
   * What one dry run of a training step tells.
   *
   * @param peakBytes most bytes live at once
   * @param keptStages {@link Tape#keptStages}
   */
  public record Trial(long peakBytes, Map<String, Tape.KeptStage> keptStages) {}

  public RecomputePlan {
    stages = Set.copyOf(stages);
  }

  /** The policy to train with. */
  public Recompute policy() {
    return Recompute.only(stages);
  }

  /**
   * Finds the plan.
   *
   * @param dryRun runs a training step on the {@code meta} backend under a policy
   */
  public static RecomputePlan fitting(long budgetBytes, Function<Recompute, Trial> dryRun) {
    Trial keepAll = dryRun.apply(Recompute.NEVER);
    if (keepAll.peakBytes() <= budgetBytes) {
      return new RecomputePlan(Set.of(), keepAll.peakBytes(), true);
    }
    Map<String, Tape.KeptStage> kept = keepAll.keptStages();
    List<String> largest = new ArrayList<>(kept.keySet());
    largest.sort(
        Comparator.<String>comparingLong(s -> -kept.get(s).bytes())
            .thenComparing(Comparator.naturalOrder()));
    Function<Set<String>, RecomputePlan> attempt =
        stages -> {
          long peak = dryRun.apply(Recompute.only(stages)).peakBytes();
          return new RecomputePlan(stages, peak, peak <= budgetBytes);
        };

    // The peak falls as stages are added, up to the transient peak of a single stage: bisect the
    // count.
    int few = 0;
    int enough = largest.size();
    RecomputePlan best = attempt.apply(Set.copyOf(largest));
    if (!best.fits()) {
      return best;
    }
    while (enough - few > 1) {
      int middle = (few + enough) >>> 1;
      RecomputePlan plan = attempt.apply(Set.copyOf(largest.subList(0, middle)));
      if (plan.fits()) {
        enough = middle;
        best = plan;
      } else {
        few = middle;
      }
    }
    RecomputePlan cheaper = best;
    while (cheaper != null) {
      best = cheaper;
      cheaper = cheaper(best, budgetBytes, kept, attempt);
    }
    return best;
  }

  /** The plan with one stage exchanged for one that costs less work, or null if none fits. */
  private static RecomputePlan cheaper(
      RecomputePlan plan,
      long budgetBytes,
      Map<String, Tape.KeptStage> kept,
      Function<Set<String>, RecomputePlan> attempt) {
    List<String> byWork = new ArrayList<>(kept.keySet());
    byWork.sort(
        Comparator.<String>comparingDouble(s -> kept.get(s).flop())
            .thenComparing(Comparator.naturalOrder()));
    Set<Exchange> tried = new HashSet<>();
    for (String out : byWork.reversed()) {
      if (!plan.stages.contains(out)) {
        continue;
      }
      for (String in : byWork) {
        Exchange exchange = new Exchange(kept.get(out), kept.get(in));
        if (plan.stages.contains(in)
            || !(exchange.in.flop() < exchange.out.flop())
            || plan.peakBytes + exchange.out.bytes() - exchange.in.bytes() > budgetBytes
            || !tried.add(exchange)) {
          continue;
        }
        Set<String> stages = new HashSet<>(plan.stages);
        stages.remove(out);
        stages.add(in);
        RecomputePlan other = attempt.apply(stages);
        if (other.fits) {
          return other;
        }
      }
    }
    return null;
  }

  /** Stages that keep and cost the same are the same to the plan. */
  private record Exchange(Tape.KeptStage out, Tape.KeptStage in) {}
}
