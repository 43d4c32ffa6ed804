package dev.larmor.models.fit;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.RunTable;
import dev.larmor.models.picture.Chart.Curve;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.PlotSheet;
import dev.larmor.models.picture.PlotSheet.Plot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The course of a run: {@code steps.csv} and {@code epochs.csv}, which a resumed run has like one
 * that was never stopped; {@code times.csv}, when each epoch began and ended; {@code progress.png};
 * and for each session {@code training_log_<date>.txt} and a log for TensorBoard.
 */
final class RunLog {
  private static final List<String> COLORS = List.of("#1f77b4", "#d62728", "#2ca02c", "#9467bd");
  private static final DateTimeFormatter LOG_NAME =
      DateTimeFormatter.ofPattern("'training_log_'yyyy_M_d_HH_mm_ss'.txt'", Locale.ROOT);
  private static final int FIRST_FIGURE = 3; // of a row of epochs.csv: epoch, rate, skipped, …

  private final Path folder;
  private final RunTable steps;
  private final RunTable epochs;
  private final RunTable times;
  private EventFile events; // null until there is something to say
  private Path text; // likewise
  private List<String> figures = List.of(); // names of the columns of epochs.csv from FIRST_FIGURE

  RunLog(Path folder) {
    this.folder = folder;
    steps = new RunTable(folder.resolve("steps.csv"), "epoch,step");
    epochs = new RunTable(folder.resolve("epochs.csv"), "epoch,learning_rate,skipped");
    times = new RunTable(folder.resolve("times.csv"), "epoch,start,end,seconds");
    // Letters and PNG writer are loaded now: a process that is being ended cannot.
    new Picture(1, 1, 0).png();
  }

  void step(int epoch, int step, Map<String, Double> values) {
    steps.header("epoch,step," + String.join(",", values.keySet()));
    steps.add("%d,%d,%s".formatted(epoch, step, joined(values)));
  }

  /** An epoch begins or goes on. */
  void begin(int epoch, double rate) {
    line("Epoch " + epoch);
    line(String.format(Locale.ROOT, "Current learning rate: %.5g", rate));
  }

  private void line(String line) {
    LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault());
    if (text == null) {
      text = folder.resolve(now.format(LOG_NAME));
    }
    try {
      Files.createDirectories(folder);
      Files.writeString(
          text,
          "%s: %s%n".formatted(now.truncatedTo(ChronoUnit.SECONDS), line),
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(text + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static String joined(Map<String, Double> values) {
    return values.values().stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /**
   * Takes in a finished epoch.
   *
   * @param start of it, seconds since 1970
   * @param end of it
   */
  void epoch(EpochSummary summary, double start, double end) {
    Map<String, Double> all = new LinkedHashMap<>(summary.means());
    all.putAll(summary.measured());
    figures = List.copyOf(all.keySet());
    epochs.header("epoch,learning_rate,skipped," + String.join(",", figures));
    epochs.add(
        "%d,%s,%d,%s".formatted(summary.epoch(), summary.rate(), summary.skipped(), joined(all)));
    times.add(
        "%d,%s,%s,%s"
            .formatted(summary.epoch(), Math.round(start), Math.round(end), summary.seconds()));
    Map<String, Double> scalars = new LinkedHashMap<>(all);
    scalars.put("learning_rate", summary.rate());
    scalars.put("seconds", summary.seconds());
    if (events == null) {
      events = new EventFile(folder, end, summary.epoch());
    }
    events.add(end, summary.epoch(), scalars);
    summary.means().forEach((figure, mean) -> say("train_" + figure, mean));
    summary.measured().forEach(this::say);
    line(String.format(Locale.ROOT, "Epoch time: %.2f s", summary.seconds()));
  }

  private void say(String figure, double value) {
    line(String.format(Locale.ROOT, "%s %.4f", figure, value));
  }

  void save() {
    steps.save();
    epochs.save();
    times.save();
  }

  /** Cuts the tables back to what came before a step of an epoch. */
  void rewind(int epoch, int position) {
    steps.rewind(row -> {
      double of = number(steps, row, 0);
      return of < epoch || (of == epoch && number(steps, row, 1) <= position);
    });
    epochs.rewind(row -> number(epochs, row, 0) < epoch);
    times.rewind(row -> number(times, row, 0) < epoch);
  }

  /** Draws what the tables say: figures of one unit together, an epoch's time, the rate. */
  void draw() {
    List<double[]> rows = rows(epochs);
    List<double[]> seconds = rows(times);
    if (rows.isEmpty() || seconds.isEmpty()) {
      return;
    }
    List<Plot> plots = new ArrayList<>();
    Map<String, List<Integer>> byUnit = new LinkedHashMap<>();
    for (int i = 0; i < figures.size(); i++) {
      byUnit.computeIfAbsent(unit(figures.get(i)), _ -> new ArrayList<>()).add(i);
    }
    byUnit.forEach((unit, columns) -> {
      List<Curve> curves = new ArrayList<>();
      for (int i : columns) {
        curves.add(
            curve(
                figures.get(i), COLORS.get(curves.size() % COLORS.size()), rows, FIRST_FIGURE + i));
      }
      plots.add(new Plot(unit, curves));
    });
    plots.add(new Plot("seconds", List.of(curve("an epoch", COLORS.getFirst(), seconds, 3))));
    plots.add(new Plot("learning rate", List.of(curve("", COLORS.getFirst(), rows, 1))));
    new PlotSheet("epoch", plots).picture().save(folder.resolve("progress.png"));
  }

  /** What a figure is one of: the last word of its name. */
  private static String unit(String figure) {
    return figure.substring(figure.lastIndexOf('_') + 1);
  }

  /** A curve through what there is: a figure may not be measured in every epoch. */
  private static Curve curve(String label, String color, List<double[]> rows, int column) {
    List<double[]> there = rows.stream().filter(row -> !Double.isNaN(row[column])).toList();
    return new Curve(
        label,
        color,
        there.stream().mapToDouble(row -> row[0]).toArray(),
        there.stream().mapToDouble(row -> row[column]).toArray());
  }

  private static List<double[]> rows(RunTable table) {
    return table.rows().stream()
        .map(row -> {
          double[] values = new double[row.split(",", -1).length];
          for (int i = 0; i < values.length; i++) {
            values[i] = number(table, row, i);
          }
          return values;
        })
        .toList();
  }

  private static double number(RunTable table, String row, int column) {
    try {
      return Double.parseDouble(row.split(",", -1)[column]);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new DataException(table.file() + ": not a row of this table: " + row, e);
    }
  }
}
