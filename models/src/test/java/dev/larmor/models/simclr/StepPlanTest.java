package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.resenc.ResidualEncoder;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a contrastive step costs, against the ledger of a device that took it. */
final class StepPlanTest {
  private static final int SIDE = 16;
  private static final int BATCH = 6;
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  private static final SimClr.Config SMALL =
      new SimClr.Config(
          new ResidualEncoder.Config(1, List.of(4, 6, 8), List.of(1, 2, 1), Precision.FP32),
          12,
          10);

  private static Device open() {
    return Device.open(DEVICE, DeviceConfig.DEFAULT.withThreads(2));
  }

  private static StepPlan plan() {
    try (Device device = open()) {
      return new StepPlan(device.dryRun(), 2, SMALL, SIDE, BATCH);
    }
  }

  private static long measuredPeak(int chunk, Recompute recompute) {
    List<float[][]> pairs = new ArrayList<>();
    int[] images = new int[BATCH];
    for (int i = 0; i < BATCH; i++) {
      float[][] pair = new float[2][SIDE * SIDE * SIDE];
      for (int v = 0; v < pair[0].length; v++) {
        pair[0][v] = (float) Philox.of(1, "voxels").with(i).normal(v);
        pair[1][v] = (float) Philox.of(2, "voxels").with(i).normal(v);
      }
      pairs.add(pair);
      images[i] = i;
    }
    ViewBatch batch = new ViewBatch(0, SIDE, pairs, images, images, List.of());
    try (Device device = open();
        SimClr network = new SimClr(SMALL)) {
      network.place(device, Philox.of(1, "weights"));
      try (Adam adam = new Adam(network.parameters(), Adam.Config.adam(0.9, 0.999));
          Gradients gradients = new Gradients()) {
        new ContrastiveStep(network, NtXent.DEFAULT, recompute, chunk, 1)
            .run(batch.on(device, Negatives.ALL), gradients);
        adam.step(gradients, 1e-4);
        return device.ledger().peak();
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"6, false", "6, true", "2, false", "4, true", "1, true"})
  void theLedgersPeakIsForeseen(int chunk, boolean recompute) {
    Recompute policy = recompute ? Recompute.ALWAYS : Recompute.NEVER;
    long measured = measuredPeak(chunk, policy);
    long foreseen = plan().choice(chunk, policy).report().peak().live();
    assertEquals(measured, foreseen, 0.01 * measured);
  }

  /** One pair less of memory, one pair less in a chunk. */
  @Test
  void theLargestChunkThatFits() {
    StepPlan plan = plan();
    for (Recompute policy : List.of(Recompute.NEVER, Recompute.ALWAYS)) {
      long whole = plan.choice(BATCH, policy).report().peak().live();
      assertEquals(BATCH, plan.largest(policy, whole).orElseThrow().chunk());
      for (int chunk = 1; chunk < BATCH; chunk++) {
        long bytes = plan.choice(chunk, policy).report().peak().live();
        assertTrue(bytes < whole, chunk + ": " + bytes + " of " + whole);
        StepPlan.Choice found = plan.largest(policy, bytes).orElseThrow();
        assertEquals(chunk, found.chunk());
        assertEquals(bytes, found.report().peak().live());
        assertEquals(
            chunk - 1, plan.largest(policy, bytes - 1).map(StepPlan.Choice::chunk).orElse(0));
      }
    }
  }

  /** The first pass is a forward pass more, recomputing another: 3, 4 and 5 times the forward's. */
  @Test
  void theWork() {
    StepPlan plan = new StepPlan("meta:h200", 1, SimClr.Config.DEFAULT, 64, 2);
    double views = 4 * 2 * 61.138e9;
    assertEquals(
        3 * views, plan.choice(2, Recompute.NEVER).report().work().flop(), 0.05 * 3 * views);
    assertEquals(
        4 * views, plan.choice(1, Recompute.NEVER).report().work().flop(), 0.05 * 4 * views);
    assertEquals(
        5 * views, plan.choice(1, Recompute.ALWAYS).report().work().flop(), 0.05 * 5 * views);
  }

  @Test
  void mistakes() {
    assertEquals(
        "views of 18 voxels a side do not suit an encoder of 3 stages: expected a multiple of 4, at least 8",
        assertThrows(
                IllegalArgumentException.class, () -> new StepPlan("meta:cpu", 1, SMALL, 18, 2))
            .getMessage());
    assertThrows(IllegalArgumentException.class, () -> SMALL.checkViews(4));
    assertThrows(IllegalArgumentException.class, () -> new StepPlan("meta:cpu", 1, SMALL, 16, 0));
  }
}
