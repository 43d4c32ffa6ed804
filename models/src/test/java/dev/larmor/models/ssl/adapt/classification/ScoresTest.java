package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import org.junit.jupiter.api.Test;

/** Figures against their definitions, and against scikit-learn's. */
final class ScoresTest {
  private static final double EXACT = 1e-12;

  private static void assertScores(Scores s, double... expected) {
    assertEquals(expected[0], s.auroc(), EXACT, "AUROC");
    assertEquals(expected[1], s.averagePrecision(), EXACT, "average precision");
    assertEquals(expected[2], s.f1(), EXACT, "F1");
    assertEquals(expected[3], s.balancedAccuracy(), EXACT, "balanced accuracy");
    assertEquals(expected[4], s.loss(), EXACT, "loss");
  }

  /** The example of scikit-learn's documentation; all figures are its own. */
  @Test
  void twoClasses() {
    double[] second = {0.1, 0.4, 0.35, 0.8};
    double[][] p = new double[4][];
    for (int i = 0; i < 4; i++) {
      p[i] = new double[] {1 - second[i], second[i]};
    }
    int[] labels = {0, 0, 1, 1};
    assertScores(
        Scores.of(labels, p), 0.75, 5.0 / 6, 0.7333333333333334, 0.75, 0.47228795380917615);
    assertEquals(0.75, Scores.ranking(labels, p, 1).auroc(), EXACT);
    assertEquals(5.0 / 6, Scores.ranking(labels, p, 1).averagePrecision(), EXACT);
  }

  /** Many equal scores. */
  @Test
  void threeClassesWithTies() {
    int[] labels = {0, 0, 1, 1, 2, 2, 2, 0};
    double[][] p = {
      {.5, .25, .25}, {.25, .5, .25}, {.25, .5, .25}, {.5, .25, .25},
      {.125, .125, .75}, {.25, .25, .5}, {.5, .25, .25}, {.375, .375, .25}
    };
    assertScores(
        Scores.of(labels, p),
        0.7,
        0.5350529100529101,
        0.6238095238095238,
        0.6111111111111112,
        0.9383544938128768);
    int[][] expected = {{2, 1, 0}, {1, 1, 0}, {1, 0, 2}};
    int[][] confusion = Scores.confusion(labels, p);
    for (int row = 0; row < 3; row++) {
      assertArrayEquals(expected[row], confusion[row]);
    }
  }

  private static double auroc(boolean[] belongs, double[] scores) {
    double won = 0;
    int pairs = 0;
    for (int i = 0; i < scores.length; i++) {
      for (int j = 0; j < scores.length; j++) {
        if (belongs[i] && !belongs[j]) {
          won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
          pairs++;
        }
      }
    }
    return won / pairs;
  }

  /** The mean precision at the score of each case of the class. */
  private static double averagePrecision(boolean[] belongs, double[] scores) {
    double sum = 0;
    int positives = 0;
    for (int i = 0; i < scores.length; i++) {
      if (belongs[i]) {
        int above = 0;
        int right = 0;
        for (int j = 0; j < scores.length; j++) {
          above += scores[j] >= scores[i] ? 1 : 0;
          right += scores[j] >= scores[i] && belongs[j] ? 1 : 0;
        }
        sum += (double) right / above;
        positives++;
      }
    }
    return sum / positives;
  }

  @Test
  void rankingsAreWhatTheyAreDefinedAs() {
    for (int trial = 0; trial < 50; trial++) {
      Philox stream = Philox.of(trial, "scores");
      int n = 2 + stream.below(30, 1000);
      boolean[] belongs = new boolean[n];
      double[] scores = new double[n];
      for (int i = 0; i < n; i++) {
        belongs[i] = i == 0 || i > 1 && stream.uniform(i) < 0.3;
        scores[i] = stream.below(5, 2000 + i) / 4.0;
      }
      Ranking ranking = Ranking.of(belongs, scores);
      assertEquals(auroc(belongs, scores), ranking.auroc(), EXACT);
      assertEquals(averagePrecision(belongs, scores), ranking.averagePrecision(), EXACT);
      double[] x = ranking.falseAlarmRates();
      double[] y = ranking.hitRates();
      assertEquals(0, x[0]);
      assertEquals(0, y[0]);
      assertEquals(1, x[x.length - 1]);
      assertEquals(1, y[y.length - 1]);
    }
  }

  /** A class that a fold does not have takes no part in means. */
  @Test
  void missingClasses() {
    Scores one = Scores.of(new int[] {0, 0}, new double[][] {{0.9, 0.1}, {0.4, 0.6}});
    assertTrue(Double.isNaN(one.auroc()));
    assertEquals(0.5, one.balancedAccuracy());
    assertEquals(1, one.averagePrecision());
    // The class that is predicted, but does not occur, has an F1 of 0.
    assertEquals((2.0 / 3 + 0) / 2, one.f1(), EXACT);
  }
}
