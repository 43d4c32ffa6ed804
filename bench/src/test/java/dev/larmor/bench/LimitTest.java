package dev.larmor.bench;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.bench.Limit.Outcome;
import dev.larmor.bench.Limit.Verdict;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.op.Cost;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LimitTest {
  private static final Limit STEP = Limit.of("training step", "s", 2.65);

  /** Fast at arithmetic, slow at memory: the two cards do not differ by one factor. */
  private static final Roofline GTX1080 = new Roofline(10, 1);

  private static final Roofline CARD = new Roofline(40, 2);

  /** 1 s and 0.5 s by bandwidth, 2 s and 0.5 s by arithmetic. */
  private static final List<Cost> OPS = List.of(new Cost(1, 1), new Cost(20, 1));

  @Test
  void measuredFigureMeetsItsLimit() {
    Verdict verdict = STEP.measured(2.65, "GTX 1080");
    assertEquals(Outcome.MET, verdict.outcome());
    assertEquals("training step: 2.650 s on GTX 1080, limit 2.650 s: met", verdict.toString());
    assertDoesNotThrow(verdict::report);
  }

  @ParameterizedTest
  @ValueSource(doubles = {2.6501, Double.POSITIVE_INFINITY, Double.NaN})
  void measuredFigureThatExceedsItFails(double figure) {
    Verdict verdict = STEP.measured(figure, "GTX 1080");
    assertEquals(Outcome.EXCEEDED, verdict.outcome());
    String message = assertThrows(AssertionError.class, verdict::report).getMessage();
    assertTrue(message.endsWith("s on GTX 1080, limit 2.650 s: EXCEEDED"), message);
  }

  @Test
  void modelledFigureIsNeverAPass() {
    Verdict verdict = STEP.modelled(0.59, "dry run");
    assertEquals(Outcome.MODELLED, verdict.outcome());
    assertEquals(
        "training step: 0.590 s on dry run, limit 2.650 s: modelled, not a pass",
        verdict.toString());
    assertDoesNotThrow(verdict::report);
  }

  @Test
  void modelledFigureThatExceedsItFails() {
    assertThrows(AssertionError.class, STEP.modelled(2.66, "dry run")::report);
  }

  @Test
  void limitOnAnotherCardIsScaledOpByOp() {
    Limit scaled = STEP.on(CARD, GTX1080, Precision.FP32, OPS);
    assertEquals(2.65 * (0.5 + 0.5) / (1 + 2), scaled.most(), 1e-12);
    assertEquals("2.650 s of a GTX 1080 times 0.3333", scaled.basis());
    assertEquals(Outcome.MET, scaled.measured(0.88, "H200").outcome());
    assertEquals(Outcome.EXCEEDED, scaled.measured(0.89, "H200").outcome());
  }

  @Test
  void limitOnTheGtx1080IsItsOwn() {
    assertEquals(2.65, STEP.on(GTX1080, GTX1080, Precision.FP32, OPS).most());
  }

  @ParameterizedTest
  @EnumSource(value = Precision.class, mode = EnumSource.Mode.EXCLUDE, names = "FP32")
  void otherPrecisionsHaveNoLimit(Precision precision) {
    Verdict verdict = STEP.on(CARD, GTX1080, precision, OPS).measured(1e9, "H200");
    assertEquals(Outcome.NO_LIMIT, verdict.outcome());
    assertDoesNotThrow(verdict::report);
  }

  @Test
  void deviceOfUnknownSpeedHasNoLimit() {
    Verdict verdict = STEP.on(null, GTX1080, Precision.FP32, OPS).measured(23, "CPU");
    assertEquals("training step: 23.000 s on CPU: no limit", verdict.toString());
  }

  /** Without ops there is nothing to scale by, so the figure is not let through. */
  @Test
  void limitWithoutOpsIsMetByNothing() {
    Limit scaled = STEP.on(CARD, GTX1080, Precision.FP32, List.of());
    assertEquals(Outcome.EXCEEDED, scaled.measured(0.1, "H200").outcome());
  }
}
