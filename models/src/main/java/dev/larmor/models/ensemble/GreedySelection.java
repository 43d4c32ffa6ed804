package dev.larmor.models.ensemble;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Ensemble selection with replacement (Caruana et al., ICML 2004): round by round the member joins,
 * perhaps once more, with which the mean scores best; of all the ensembles on the way and that of
 * equal weights the best is taken. So it is never worse than the best member, which is the first
 * round's. A member's weight is how often it joined. Of equal scores the first counts.
 *
 * @param counts how often each member joined
 * @param score of the ensemble found
 * @param alone the score of each member alone
 * @param equal the score of all members with equal weights
 */
record GreedySelection(List<Integer> counts, double score, List<Double> alone, double equal) {
  /** Scores ensembles. */
  interface Scores {
    /** The score of each, higher is better; an ensemble is how often each member is in it. */
    double[] of(List<int[]> ensembles);
  }

  static GreedySelection of(int members, int rounds, Scores scores) {
    int[] everyone = new int[members];
    Arrays.fill(everyone, 1);
    double equal = scores.of(List.of(everyone))[0];
    int[] best = everyone;
    double bestScore = Double.NEGATIVE_INFINITY;
    int[] counts = new int[members];
    double[] alone = null;
    for (int round = 0; round < rounds; round++) {
      double[] joined = scores.of(oneMore(counts));
      if (alone == null) {
        alone = joined;
      }
      int winner = 0;
      for (int m = 1; m < members; m++) {
        if (joined[m] > joined[winner]) {
          winner = m;
        }
      }
      counts[winner]++;
      if (joined[winner] > bestScore) {
        bestScore = joined[winner];
        best = counts.clone();
      }
    }
    if (equal > bestScore) {
      bestScore = equal;
      best = everyone;
    }
    return new GreedySelection(
        Arrays.stream(best).boxed().toList(),
        bestScore,
        Arrays.stream(alone).boxed().toList(),
        equal);
  }

  private static List<int[]> oneMore(int[] counts) {
    List<int[]> ensembles = new ArrayList<>();
    for (int m = 0; m < counts.length; m++) {
      int[] ensemble = counts.clone();
      ensemble[m]++;
      ensembles.add(ensemble);
    }
    return ensembles;
  }
}
