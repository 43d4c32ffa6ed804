package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FoldsTest {
  /** Cases from "subject:label" words. */
  private static LabelledCases cases(List<String> words) {
    List<Case> cases = new ArrayList<>();
    for (String word : words) {
      String[] parts = word.split(":", -1);
      String name = "image" + cases.size();
      cases.add(
          new Case(
              name, List.of(Path.of(name)), Optional.empty(), parts[0], Optional.of(parts[1])));
    }
    return LabelledCases.of(new CaseTable(Path.of("t.csv"), 1, cases));
  }

  /** 40 subjects, one to three images each, a quarter of them ill. */
  private static LabelledCases many() {
    List<String> words = new ArrayList<>();
    for (int s = 0; s < 40; s++) {
      for (int i = 0; i <= s % 3; i++) {
        words.add("s%d:%s".formatted(s, s % 4 == 0 ? "ill" : "well"));
      }
    }
    return cases(words);
  }

  @Test
  void subjectsStayTogetherAndClassesAreSpread() {
    LabelledCases cases = many();
    Folds folds = Folds.of(cases, 5, 1);
    Map<String, Integer> foldOf = new HashMap<>();
    int[][] counts = new int[5][2];
    for (int i = 0; i < cases.size(); i++) {
      Integer before = foldOf.putIfAbsent(cases.get(i).subject(), folds.of()[i]);
      assertTrue(before == null || before == folds.of()[i], cases.get(i).subject());
      counts[folds.of()[i]][cases.labels()[i]]++;
    }
    int[] totals = new int[2];
    Arrays.stream(cases.labels()).forEach(label -> totals[label]++);
    for (int fold = 0; fold < 5; fold++) {
      for (int c = 0; c < 2; c++) {
        assertEquals(totals[c] / 5.0, counts[fold][c], 1.01, "fold " + fold + " class " + c);
      }
      assertEquals(cases.size(), folds.training(fold).length + folds.heldOut(fold).length);
      for (int i : folds.heldOut(fold)) {
        assertEquals(fold, folds.of()[i]);
      }
    }
  }

  @Test
  void theSeedDecides() {
    assertArrayEquals(Folds.of(many(), 5, 1).of(), Folds.of(many(), 5, 1).of());
    assertFalse(Arrays.equals(Folds.of(many(), 5, 1).of(), Folds.of(many(), 5, 2).of()));
  }

  @Test
  void tooFewSubjects() {
    LabelledCases cases = cases(List.of("a:x", "a:x", "b:x", "c:y", "c:y", "c:y", "d:x"));
    assertEquals(
        "t.csv: class 'y' has 1 subject, fewer than the 2 folds",
        assertThrows(DataException.class, () -> Folds.of(cases, 2, 1)).getMessage());
    assertThrows(IllegalArgumentException.class, () -> Folds.of(cases, 1, 1));
  }
}
