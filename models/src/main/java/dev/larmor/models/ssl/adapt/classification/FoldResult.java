package dev.larmor.models.ssl.adapt.classification;

import java.util.Arrays;

/**
 * What a fold's classifier makes of the cases it has not seen.
 *
 * @param fold counted from 0
 * @param heldOut the cases, by their places
 * @param labels of each
 * @param probabilities of each class for each
 */
record FoldResult(int fold, int[] heldOut, int[] labels, double[][] probabilities) {
  static FoldResult of(LabelledCases cases, int fold, int[] heldOut, double[][] probabilities) {
    int[] labels = Arrays.stream(heldOut).map(i -> cases.labels()[i]).toArray();
    return new FoldResult(fold, heldOut, labels, probabilities);
  }

  Scores scores() {
    return Scores.of(labels, probabilities);
  }
}
