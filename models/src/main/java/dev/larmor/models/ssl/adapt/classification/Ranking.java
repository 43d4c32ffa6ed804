package dev.larmor.models.ssl.adapt.classification;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * How well scores tell a class from the rest: what is found above each of the scores that occur.
 * Equal scores are one threshold, as in scikit-learn.
 *
 * @param hits cases of the class at or above each threshold, the highest first
 * @param falseAlarms others at or above it
 */
record Ranking(int[] hits, int[] falseAlarms) {
  /**
   * Ranks cases.
   *
   * @param belongs whether each case is of the class
   * @param scores of each, higher for the class; at least one case
   */
  static Ranking of(boolean[] belongs, double[] scores) {
    int[] order =
        IntStream.range(0, scores.length)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -scores[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] hits = new int[order.length];
    int[] falseAlarms = new int[order.length];
    int thresholds = 0;
    int found = 0;
    for (int i = 0; i < order.length; i++) {
      found += belongs[order[i]] ? 1 : 0;
      if (i + 1 == order.length || scores[order[i + 1]] != scores[order[i]]) {
        hits[thresholds] = found;
        falseAlarms[thresholds] = i + 1 - found;
        thresholds++;
      }
    }
    return new Ranking(Arrays.copyOf(hits, thresholds), Arrays.copyOf(falseAlarms, thresholds));
  }

  private int positives() {
    return hits[hits.length - 1];
  }

  private int negatives() {
    return falseAlarms[falseAlarms.length - 1];
  }

  /** Area under the ROC curve, by trapezoids; NaN unless there are cases of both kinds. */
  double auroc() {
    double area = 0;
    double hitsBefore = 0;
    double alarmsBefore = 0;
    for (int t = 0; t < hits.length; t++) {
      area += (falseAlarms[t] - alarmsBefore) * (hits[t] + hitsBefore) / 2;
      hitsBefore = hits[t];
      alarmsBefore = falseAlarms[t];
    }
    return area / ((double) positives() * negatives());
  }

  /** Σ (Rₙ − Rₙ₋₁)·Pₙ over the thresholds, not interpolated; NaN without a case of the class. */
  double averagePrecision() {
    double sum = 0;
    double before = 0;
    for (int t = 0; t < hits.length; t++) {
      sum += (hits[t] - before) * hits[t] / (hits[t] + falseAlarms[t]);
      before = hits[t];
    }
    return sum / positives();
  }

  /** The ROC curve's x, from 0 to 1: the share of others at or above each threshold. */
  double[] falseAlarmRates() {
    return rates(falseAlarms, negatives());
  }

  /** The ROC curve's y: the share of the class at or above each threshold. */
  double[] hitRates() {
    return rates(hits, positives());
  }

  private static double[] rates(int[] counts, int all) {
    double[] rates = new double[counts.length + 1];
    for (int t = 0; t < counts.length; t++) {
      rates[t + 1] = (double) counts[t] / all;
    }
    return rates;
  }
}
