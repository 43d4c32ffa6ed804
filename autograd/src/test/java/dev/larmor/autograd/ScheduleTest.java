package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final double EXACT = 1e-15;

  @Test
  void cosineRunsFromMaxToMin() {
    Schedule s = new Schedule.Cosine(3e-4, 5e-5, 25);
    assertEquals(3e-4, s.rate(0), EXACT);
    assertEquals(5e-5 + 2.5e-4 * (1 + Math.cos(Math.PI * 10 / 25)) / 2, s.rate(10), EXACT);
    assertEquals(5e-5, s.rate(25), EXACT);
    assertEquals(5e-5, s.rate(40), EXACT);
  }

  @Test
  void warmupReachesMaxAndFallsToZero() {
    Schedule s = new Schedule.WarmupCosine(1e-3, 5, 25);
    assertEquals(2e-4, s.rate(0), EXACT);
    assertEquals(1e-3, s.rate(4), EXACT);
    assertEquals(1e-3, s.rate(5), EXACT);
    assertEquals(5e-4, s.rate(15), EXACT);
    assertEquals(0, s.rate(25), EXACT);
  }

  /** nnU-Net's fine-tuning: 1000 epochs, 50 of them warm-up. */
  @Test
  void warmupReachesMaxAndFallsByAPower() {
    Schedule s = new Schedule.WarmupPolynomial(1e-3, 50, 1000, 0.9);
    assertEquals(2e-5, s.rate(0), EXACT);
    assertEquals(5e-4, s.rate(24), EXACT);
    assertEquals(1e-3, s.rate(49), EXACT);
    assertEquals(1e-3, s.rate(50), EXACT);
    assertEquals(1e-3 * Math.pow(1 - 475.0 / 950, 0.9), s.rate(525), EXACT);
    assertEquals(0, s.rate(1000), EXACT);
    assertEquals(0, s.rate(1200), EXACT);
    assertEquals(0.01, new Schedule.WarmupPolynomial(0.01, 0, 10, 0.9).rate(0), EXACT);
  }

  @Test
  void rampReachesMaxWhereTheCosineBegins() {
    Schedule s = new Schedule.RampCosine(1e-4, 20, 200);
    assertEquals(1e-4 / 21, s.rate(0), EXACT);
    assertEquals(1e-4 * 20 / 21, s.rate(19), EXACT);
    assertEquals(1e-4, s.rate(20), EXACT);
    assertEquals(5e-5, s.rate(110), EXACT);
    assertEquals(1e-4 * (1 + Math.cos(Math.PI * 179 / 180)) / 2, s.rate(199), EXACT);
    assertEquals(0, s.rate(200), EXACT);
  }

  @Test
  void doubleWarmupHasTwoPeaks() {
    Schedule s = new Schedule.DoubleWarmupCosine(2, 4, 2, 4, 1e-3, 1e-4, 5e-4, 1e-5);
    assertEquals(5e-4, s.rate(0), EXACT);
    assertEquals(1e-3, s.rate(1), EXACT);
    assertEquals(1e-3, s.rate(2), EXACT);
    assertEquals((1e-3 + 1e-4) / 2, s.rate(4), EXACT);
    assertEquals(1e-4 + 2e-4, s.rate(6), EXACT);
    assertEquals(5e-4, s.rate(7), EXACT);
    assertEquals(5e-4, s.rate(8), EXACT);
    assertEquals((5e-4 + 1e-5) / 2, s.rate(10), EXACT);
    assertEquals(1e-5, s.rate(12), EXACT);
    assertEquals(1e-5, s.rate(100), EXACT);
  }

  @Test
  void impossibleSchedulesAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Cosine(1e-5, 1e-4, 10));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.WarmupCosine(1e-3, 10, 10));
    assertThrows(
        IllegalArgumentException.class, () -> new Schedule.WarmupPolynomial(1e-3, 10, 10, 0.9));
    assertThrows(IllegalArgumentException.class, () -> new Schedule.Constant(-1));
  }
}
