package dev.larmor.models.cli;

import dev.larmor.models.io.Csv;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.metric.Quality;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Method;
import dev.larmor.models.training.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** One slice of a score as a line of {@code slices.csv}, which spreadsheets and pandas read. */
record SliceRow(Leaderboard.Entry entry, int slice, Map<Method, Quality> qualities) {
  /** All slices of a score, in order. */
  static List<SliceRow> of(Score score) {
    return score.volumes().stream()
        .flatMap(volume ->
            IntStream.range(0, volume.slices().size())
                .mapToObj(s -> new SliceRow(volume.entry(), s, volume.slices().get(s))))
        .toList();
  }

  /** The file: a header and a line for each slice (RFC 4180); what does not exist is empty. */
  static String csv(Score score) {
    StringBuilder csv = new StringBuilder();
    List<String> header =
        new ArrayList<>(List.of("file", "part", "anatomy", "acceleration", "slice"));
    for (Method method : Method.values()) {
      String prefix = method == Method.RECONSTRUCTION ? "" : method.key() + "_";
      for (Figure figure : Figure.values()) {
        header.add(prefix + figure.key());
      }
    }
    csv.append(Csv.line(header));
    of(score).forEach(row -> csv.append(Csv.line(row.fields())));
    return csv.toString();
  }

  private List<String> fields() {
    int acceleration = entry.acceleration();
    List<String> fields = new ArrayList<>();
    fields.add(entry.file());
    fields.add(entry.part());
    fields.add(entry.anatomy().label());
    fields.add(acceleration == 0 ? "" : Integer.toString(acceleration));
    fields.add(Integer.toString(slice));
    for (Method method : Method.values()) {
      for (Figure figure : Figure.values()) {
        fields.add(number(value(method, figure)));
      }
    }
    return fields;
  }

  /** A figure; NaN where there is no such image, or no anatomy. */
  double value(Method method, Figure figure) {
    Quality quality = qualities.get(method);
    return quality == null ? Double.NaN : figure.of(quality);
  }

  private static String number(double value) {
    if (Double.isNaN(value)) {
      return "";
    }
    return Double.isInfinite(value) ? "inf" : Double.toString(value);
  }
}
