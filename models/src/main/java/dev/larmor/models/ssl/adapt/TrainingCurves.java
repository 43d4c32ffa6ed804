package dev.larmor.models.ssl.adapt;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Csv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The course of a training as nnSSL's checkpoints have it, from the tables {@code epochs.csv} and
 * {@code times.csv} that a run leaves beside its checkpoints: under each of nnSSL's names a number
 * for each epoch, none if the tables do not have it.
 */
final class TrainingCurves {
  private TrainingCurves() {}

  /**
   * The curves of the first epochs.
   *
   * @param folder with the tables
   * @throws DataException if a table is there but damaged
   */
  static Map<String, List<Double>> of(Path folder, long epochs) {
    Path figures = folder.resolve("epochs.csv");
    Path times = folder.resolve("times.csv");
    Map<String, List<Double>> curves = new LinkedHashMap<>();
    curves.put("train_losses", column(figures, "loss", epochs));
    curves.put("val_losses", column(figures, "held_out_loss", epochs));
    curves.put("lrs", column(figures, "learning_rate", epochs));
    curves.put("epoch_start_timestamps", column(times, "start", epochs));
    curves.put("epoch_end_timestamps", column(times, "end", epochs));
    return curves;
  }

  private static List<Double> column(Path table, String name, long epochs) {
    List<List<String>> lines = lines(table);
    int column = lines.isEmpty() ? -1 : lines.getFirst().indexOf(name);
    List<Double> values = new ArrayList<>();
    for (int i = 1; column >= 0 && i < lines.size(); i++) {
      List<String> row = lines.get(i);
      try {
        if (Long.parseLong(row.getFirst()) < epochs) {
          values.add(Double.parseDouble(row.get(column)));
        }
      } catch (NumberFormatException | IndexOutOfBoundsException e) {
        throw new DataException(table + ": not a row of this table: " + String.join(",", row), e);
      }
    }
    return values;
  }

  private static List<List<String>> lines(Path table) {
    if (!Files.exists(table)) {
      return List.of();
    }
    try {
      return Csv.lines(Files.readString(table));
    } catch (IOException | IllegalArgumentException e) {
      throw new DataException(table + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
