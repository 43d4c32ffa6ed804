package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Predictions as a CSV table: {@code image}, {@code label} – empty where it is not known –, {@code
 * predicted}, and for each class {@code p_CLASS}, its probability.
 *
 * @param classes their names
 */
record PredictionTable(List<String> classes) {
  /** What was predicted for one case. */
  record Row(String image, String label, double[] probabilities) {}

  /** The first line. */
  String header() {
    List<String> fields = new ArrayList<>(List.of("image", "label", "predicted"));
    classes.forEach(name -> fields.add("p_" + name));
    return Csv.line(fields);
  }

  /** One case's line. */
  String line(Case one, double[] probabilities) {
    List<String> fields = new ArrayList<>();
    fields.add(one.name());
    fields.add(one.label().orElse(""));
    fields.add(classes.get(Scores.predicted(probabilities)));
    for (double p : probabilities) {
      fields.add(Double.toString(p));
    }
    return Csv.line(fields);
  }

  /**
   * Reads a table of the same classes.
   *
   * @throws DataException if it is none
   */
  List<Row> read(Path file) {
    try {
      return rows(file.toString(), Files.readString(file));
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** The same of a text that {@code name} has. */
  List<Row> rows(String name, String text) {
    try {
      List<List<String>> lines = Csv.lines(text);
      if (lines.isEmpty() || !Csv.line(lines.getFirst()).equals(header())) {
        throw new DataException("%s: the columns are not %s".formatted(name, header().strip()));
      }
      List<Row> rows = new ArrayList<>();
      for (List<String> fields : lines.subList(1, lines.size())) {
        double[] probabilities =
            fields.subList(3, 3 + classes.size()).stream()
                .mapToDouble(Double::parseDouble)
                .toArray();
        rows.add(new Row(fields.get(0), fields.get(1), probabilities));
      }
      return rows;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new DataException(name + ": a damaged table of predictions: " + e.getMessage(), e);
    }
  }
}
