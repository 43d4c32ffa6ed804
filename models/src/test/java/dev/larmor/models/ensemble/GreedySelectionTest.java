package dev.larmor.models.ensemble;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Ensembles of numbers that shall be a target in the mean. */
final class GreedySelectionTest {
  private static double[] scores(double target, double[] values, List<int[]> ensembles) {
    return ensembles.stream()
        .mapToDouble(counts -> {
          double sum = 0;
          for (int m = 0; m < counts.length; m++) {
            sum += counts[m] * values[m];
          }
          return -Math.abs(sum / Arrays.stream(counts).sum() - target);
        })
        .toArray();
  }

  private static GreedySelection select(double target, int rounds, double... values) {
    return GreedySelection.of(values.length, rounds, all -> scores(target, values, all));
  }

  @Test
  void byHand() {
    // 4; then (4 + 0) / 2 = 2 is worse than (4 + 4) / 2; then (4 + 4 + 0) / 3 = 2.67.
    GreedySelection found = select(3, 4, 0, 4);
    assertEquals(List.of(1, 3), found.counts());
    assertEquals(0, found.score(), 1e-12);
    assertEquals(List.of(-3.0, -1.0), found.alone());
    assertEquals(-1, found.equal(), 1e-12);
  }

  @Test
  void theBestOnTheWay() {
    // With 5 rounds the last is worse than the fourth.
    assertEquals(List.of(1, 3), select(3, 5, 0, 4).counts());
  }

  @Test
  void equalWeightsIfTheyAreBetter() {
    // One round finds a single member only.
    GreedySelection found = select(2, 1, 0, 3, 3);
    assertEquals(List.of(1, 1, 1), found.counts());
    assertEquals(0, found.score(), 1e-12);
  }

  @Test
  void theFirstOfEquals() {
    assertEquals(List.of(0, 1, 0), select(1, 3, 0, 1, 1).counts());
  }

  @Test
  void neverWorseThanTheBestMember() {
    Philox draws = Philox.of(1, "selection");
    for (int i = 0; i < 200; i++) {
      double[] values = new double[5];
      for (int m = 0; m < values.length; m++) {
        values[m] = draws.with(i).uniform(m);
      }
      GreedySelection found = select(0.5, 20, values);
      double best = found.alone().stream().mapToDouble(Double::doubleValue).max().orElseThrow();
      assertTrue(found.score() >= best && found.score() >= found.equal(), i + ": " + found);
      int[] counts = found.counts().stream().mapToInt(Integer::intValue).toArray();
      assertEquals(found.score(), scores(0.5, values, List.of(counts))[0], 0);
    }
  }
}
