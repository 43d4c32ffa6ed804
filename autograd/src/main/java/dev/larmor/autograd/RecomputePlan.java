package dev.larmor.autograd;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Which stages to recompute so that a training step fits a budget, found by dry runs: the fewest,
 * those that keep most first.
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
   * @param stageBytes {@link Tape#stageBytes}: what each stage that was not recomputed kept
   */
  public record Trial(long peakBytes, Map<String, Long> stageBytes) {}

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
    List<Map.Entry<String, Long>> stages = new ArrayList<>(keepAll.stageBytes().entrySet());
    stages.sort(
        Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry::getKey));
    // The peak falls as stages are added, up to the transient peak of a single stage: bisect the
    // count.
    int few = 0;
    int enough = stages.size();
    Trial best = dryRun.apply(Recompute.only(first(stages, enough)));
    if (best.peakBytes() > budgetBytes) {
      return new RecomputePlan(first(stages, enough), best.peakBytes(), false);
    }
    while (enough - few > 1) {
      int middle = (few + enough) >>> 1;
      Trial trial = dryRun.apply(Recompute.only(first(stages, middle)));
      if (trial.peakBytes() <= budgetBytes) {
        enough = middle;
        best = trial;
      } else {
        few = middle;
      }
    }
    return new RecomputePlan(first(stages, enough), best.peakBytes(), true);
  }

  private static Set<String> first(List<Map.Entry<String, Long>> stages, int count) {
    Set<String> names = new LinkedHashSet<>();
    stages.subList(0, count).forEach(stage -> names.add(stage.getKey()));
    return names;
  }
}
