package dev.larmor.models.ssl.adapt.classification;

import java.util.List;

/**
 * Cases whose classes are known.
 *
 * @param classes their names; labels are places in this list
 * @param labels of each case
 */
public record LabelledCases(CaseTable table, List<String> classes, int[] labels) {
  /**
   * The cases of a table.
   *
   * @throws dev.larmor.models.data.DataException if there are no labels, or only one
   */
  public static LabelledCases of(CaseTable table) {
    List<String> classes = table.classes();
    int[] labels =
        table.cases().stream()
            .mapToInt(one -> classes.indexOf(one.label().orElseThrow()))
            .toArray();
    return new LabelledCases(table, classes, labels);
  }

  /** The number of cases. */
  public int size() {
    return labels.length;
  }

  Case get(int index) {
    return table.cases().get(index);
  }
}
