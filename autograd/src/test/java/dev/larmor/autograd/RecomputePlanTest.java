package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RecomputePlanTest {
  private static final Map<String, Tape.KeptStage> STAGES =
      Map.of(
          "a", new Tape.KeptStage(30, 3),
          "b", new Tape.KeptStage(50, 9),
          "c", new Tape.KeptStage(20, 8),
          "d", new Tape.KeptStage(40, 5));

  /**
   * A step that keeps what each stage keeps, and 10 more; recomputing a stage needs its bytes for a
   * while.
   */
  private static RecomputePlan.Trial dryRun(Recompute recompute) {
    long kept = 10;
    long transients = 0;
    Map<String, Tape.KeptStage> stages = new LinkedHashMap<>();
    for (Map.Entry<String, Tape.KeptStage> stage : STAGES.entrySet()) {
      if (recompute.recompute(stage.getKey())) {
        transients = Math.max(transients, stage.getValue().bytes());
      } else {
        kept += stage.getValue().bytes();
        stages.put(stage.getKey(), stage.getValue());
      }
    }
    return new RecomputePlan.Trial(kept + transients, stages);
  }

  @Test
  void nothingIsRecomputedWhenAllFits() {
    RecomputePlan plan = RecomputePlan.fitting(150, RecomputePlanTest::dryRun);
    assertEquals(new RecomputePlan(Set.of(), 150, true), plan);
  }

  @Test
  void theFewestStagesThatSuffice() {
    // without b: 100 + 50; without b and d: 60 + 50 = 110; without a, too: 30 + 50 = 80
    assertEquals(
        new RecomputePlan(Set.of("b", "d"), 110, true),
        RecomputePlan.fitting(115, RecomputePlanTest::dryRun));
    assertEquals(
        new RecomputePlan(Set.of("a", "b", "d"), 80, true),
        RecomputePlan.fitting(80, RecomputePlanTest::dryRun));
  }

  /** Two must go; a and d give back less than b and d, but enough, and cost 8 instead of 14. */
  @Test
  void ofAsManyThoseThatCostLeast() {
    assertEquals(
        new RecomputePlan(Set.of("a", "d"), 120, true),
        RecomputePlan.fitting(149, RecomputePlanTest::dryRun));
  }

  @Test
  void whatDoesNotFitIsSaid() {
    RecomputePlan plan = RecomputePlan.fitting(59, RecomputePlanTest::dryRun);
    assertFalse(plan.fits());
    assertEquals(60, plan.peakBytes());
    assertTrue(plan.policy().recompute("c"));
  }
}
