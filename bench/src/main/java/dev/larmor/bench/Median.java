package dev.larmor.bench;

import java.util.List;

/** The middle of what was measured, which one disturbed run does not move. */
public final class Median {
  private Median() {}

  /** The middle value; between the two middle ones of an even number. */
  public static double of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int n = sorted.length;
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
  }
}
