package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A data set in parts, each of which is held out once. All images of a subject are in one part, and
 * every part has about the same share of every class.
 *
 * @param count of parts
 * @param of the part that each case is in
 */
public record Folds(int count, int[] of) {
  /**
   * Divides cases: subjects in random order, those of most images first, each to the part that then
   * has its classes most evenly.
   *
   * @throws DataException if a class has fewer subjects than there are parts
   */
  public static Folds of(LabelledCases cases, int count, long seed) {
    if (count < 2) {
      throw new IllegalArgumentException("a cross-validation has at least 2 folds, not " + count);
    }
    Map<String, List<Integer>> subjects = new LinkedHashMap<>();
    for (int i = 0; i < cases.size(); i++) {
      subjects.computeIfAbsent(cases.get(i).subject(), _ -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> groups = List.copyOf(subjects.values());
    check(cases, groups, count);
    int[] order = Philox.of(seed, "folds").permutation(groups.size());
    List<List<Integer>> sorted =
        IntStream.of(order)
            .mapToObj(groups::get)
            .sorted(Comparator.comparingInt((List<Integer> group) -> -group.size()))
            .toList();
    int classes = cases.classes().size();
    double[][] held = new double[count][classes]; // images of each class
    int[] of = new int[cases.size()];
    for (List<Integer> group : sorted) {
      double[] own = new double[classes];
      group.forEach(i -> own[cases.labels()[i]]++);
      int fold = best(held, own, cases);
      group.forEach(i -> of[i] = fold);
      for (int c = 0; c < classes; c++) {
        held[fold][c] += own[c];
      }
    }
    return new Folds(count, of);
  }

  private static void check(LabelledCases cases, List<List<Integer>> groups, int count) {
    for (int c = 0; c < cases.classes().size(); c++) {
      int label = c;
      long having =
          groups.stream()
              .filter(group -> group.stream().anyMatch(i -> cases.labels()[i] == label))
              .count();
      if (having < count) {
        throw new DataException(
            "%s: class '%s' has %d subject%s, fewer than the %d folds"
                .formatted(
                    cases.table().file(),
                    cases.classes().get(c),
                    having,
                    having == 1 ? "" : "s",
                    count));
      }
    }
  }

  /** Where the sum of squares of shares grows least; of equals, the part of fewest images. */
  private static int best(double[][] held, double[] own, LabelledCases cases) {
    double[] totals = new double[own.length];
    IntStream.of(cases.labels()).forEach(label -> totals[label]++);
    int best = 0;
    double least = Double.POSITIVE_INFINITY;
    double fewest = 0;
    for (int fold = 0; fold < held.length; fold++) {
      double growth = 0;
      double images = 0;
      for (int c = 0; c < own.length; c++) {
        growth += own[c] * (2 * held[fold][c] + own[c]) / (totals[c] * totals[c]);
        images += held[fold][c];
      }
      if (growth < least || growth == least && images < fewest) {
        best = fold;
        least = growth;
        fewest = images;
      }
    }
    return best;
  }

  /** The cases that are held out of a fold's training. */
  public int[] heldOut(int fold) {
    return IntStream.range(0, of.length).filter(i -> of[i] == fold).toArray();
  }

  /** The cases that a fold trains on. */
  public int[] training(int fold) {
    return IntStream.range(0, of.length).filter(i -> of[i] != fold).toArray();
  }
}
