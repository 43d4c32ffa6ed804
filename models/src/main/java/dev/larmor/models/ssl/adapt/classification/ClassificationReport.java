package dev.larmor.models.ssl.adapt.classification;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.html.Html;
import dev.larmor.models.html.Page;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.Csv;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.picture.Chart;
import dev.larmor.models.picture.ColorMap;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The results of a cross-validation: a table, {@code folds.csv}, the same and the confusion matrix
 * as {@code results.json}, and a page, {@code report.html}.
 *
 * @param side of the prepared cases
 * @param folds that there are
 * @param results of those that are trained
 */
public record ClassificationReport(
    LabelledCases cases, PreparedCases prepared, int side, int folds, List<FoldResult> results) {
  private static final List<String> COLORS =
      List.of("#0a84c8", "#e07a1f", "#12813f", "#9b59b6", "#b3261e", "#7f6a00", "#5c6878");
  private static final int MISTAKES = 6;
  private static final int PANEL = 160;

  /** So much of a picture is darker than black, and brighter than white. */
  private static final double BEYOND = 0.005;

  /** The mean and the deviation of a figure over the folds. */
  private record Spread(double mean, double deviation) {
    static Spread of(List<FoldResult> results, Scores.Figure figure) {
      double[] values =
          results.stream().mapToDouble(r -> figure.of().applyAsDouble(r.scores())).toArray();
      double mean = Arrays.stream(values).average().orElse(Double.NaN);
      double squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
      return new Spread(mean, Math.sqrt(squares / (values.length - 1)));
    }
  }

  /** Whether there is a fold to report on. */
  public boolean isEmpty() {
    return results.isEmpty();
  }

  /** The figures in a line for each fold, and their mean. */
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (FoldResult result : results) {
      StringBuilder line = new StringBuilder("fold " + result.fold() + ":");
      Scores scores = result.scores();
      Scores.FIGURES.forEach(
          f -> line.append("  ").append(f.label()).append(' ').append(text(f, scores)));
      lines.add(line.toString());
    }
    if (results.size() > 1) {
      StringBuilder line = new StringBuilder("mean:  ");
      for (Scores.Figure figure : Scores.FIGURES) {
        Spread spread = Spread.of(results, figure);
        line.append(
            String.format(
                Locale.ROOT, "  %s %.3f ± %.3f", figure.label(), spread.mean, spread.deviation));
      }
      lines.add(line.toString());
    }
    return lines;
  }

  private static String text(Scores.Figure figure, Scores scores) {
    return String.format(Locale.ROOT, "%.3f", figure.of().applyAsDouble(scores));
  }

  /**
   * Writes all three files.
   *
   * @param pictures whether the page shows slices of mistakes
   */
  public void write(Path folder, boolean pictures) {
    AtomicFile.write(folder.resolve("folds.csv"), csv());
    PythonJson.write(folder.resolve("results.json"), json());
    AtomicFile.write(folder.resolve("report.html"), html(pictures));
  }

  private String csv() {
    List<String> header = new ArrayList<>(List.of("fold", "cases"));
    Scores.FIGURES.forEach(figure -> header.add(figure.name()));
    StringBuilder text = new StringBuilder(Csv.line(header));
    int all = 0;
    for (FoldResult result : results) {
      all += result.labels().length;
      List<String> fields = new ArrayList<>();
      fields.add(Integer.toString(result.fold()));
      fields.add(Integer.toString(result.labels().length));
      result.scores().named().values().forEach(value -> fields.add(value.toString()));
      text.append(Csv.line(fields));
    }
    List<String> means = new ArrayList<>(List.of("mean", Integer.toString(all)));
    List<String> deviations = new ArrayList<>(List.of("sd", Integer.toString(all)));
    for (Scores.Figure figure : Scores.FIGURES) {
      Spread spread = Spread.of(results, figure);
      means.add(Double.toString(spread.mean));
      deviations.add(Double.toString(spread.deviation));
    }
    return text.append(Csv.line(means)).append(Csv.line(deviations)).toString();
  }

  private ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("table", cases.table().file().toString());
    ArrayNode names = root.putArray("classes");
    cases.classes().forEach(names::add);
    root.put("folds", folds);
    ArrayNode each = root.putArray("results");
    for (FoldResult result : results) {
      ObjectNode fold = each.addObject();
      fold.put("fold", result.fold());
      fold.put("cases", result.labels().length);
      result.scores().named().forEach((name, value) -> put(fold, name, value));
    }
    ObjectNode mean = root.putObject("mean");
    ObjectNode deviation = root.putObject("sd");
    for (Scores.Figure figure : Scores.FIGURES) {
      Spread spread = Spread.of(results, figure);
      put(mean, figure.name(), spread.mean);
      put(deviation, figure.name(), spread.deviation);
    }
    ArrayNode confusion = root.putArray("confusion");
    for (int[] row : confusion()) {
      ArrayNode counts = confusion.addArray();
      IntStream.of(row).forEach(counts::add);
    }
    return root;
  }

  /** JSON has no NaN. */
  private static void put(ObjectNode node, String name, double value) {
    if (Double.isFinite(value)) {
      node.put(name, value);
    } else {
      node.putNull(name);
    }
  }

  private int[][] confusion() {
    int classes = cases.classes().size();
    int[][] sum = new int[classes][classes];
    for (FoldResult result : results) {
      int[][] own = Scores.confusion(result.labels(), result.probabilities());
      for (int row = 0; row < classes; row++) {
        for (int column = 0; column < classes; column++) {
          sum[row][column] += own[row][column];
        }
      }
    }
    return sum;
  }

  private String html(boolean pictures) {
    int shown = results.stream().mapToInt(r -> r.labels().length).sum();
    boolean two = cases.classes().size() == 2;
    return Page.of(ClassificationReport.class, "report.html")
        .put("title", "Classification of " + cases.table().file().getFileName())
        .put(
            "summary",
            "%d cases of %d classes (%s); %d of %d folds trained, %d cases held out"
                .formatted(
                    cases.size(),
                    cases.classes().size(),
                    String.join(", ", cases.classes()),
                    results.size(),
                    folds,
                    shown))
        .put("figures", Html.each(Scores.FIGURES, f -> Html.of("<th>%s</th>", f.label())))
        .put("folds", rows())
        .put("predicted", Html.each(cases.classes(), name -> Html.of("<th>%s</th>", name)))
        .put("confusion", confusionRows())
        .put("roc", roc(two).svg())
        .put(
            "rocNote",
            two
                ? "How many of '%s' are found over how many of '%s' are taken for it, for each fold."
                    .formatted(cases.classes().get(1), cases.classes().get(0))
                : "How many of a class are found over how many others are taken for it, all folds"
                    + " together.")
        .put("mistakes", pictures ? mistakes() : Html.NONE)
        .text();
  }

  private Html rows() {
    Html each =
        Html.each(
            results,
            result ->
                Html.of(
                    "<tr><td>%d</td><td>%d</td>%s</tr>",
                    result.fold(),
                    result.labels().length,
                    Html.each(
                        Scores.FIGURES, f -> Html.of("<td>%s</td>", text(f, result.scores())))));
    Html mean =
        Html.of(
            "<tr><td><b>mean ± sd</b></td><td></td>%s</tr>",
            Html.each(
                Scores.FIGURES,
                figure -> {
                  Spread spread = Spread.of(results, figure);
                  return Html.of("<td><b>%.3f</b> ± %.3f</td>", spread.mean, spread.deviation);
                }));
    return results.size() > 1 ? new Html(each.markup() + mean.markup()) : each;
  }

  private Html confusionRows() {
    int[][] confusion = confusion();
    StringBuilder rows = new StringBuilder();
    for (int row = 0; row < confusion.length; row++) {
      StringBuilder cells = new StringBuilder();
      for (int column = 0; column < confusion.length; column++) {
        cells.append(
            Html.of(
                    row == column ? "<td class=\"right\">%d</td>" : "<td>%d</td>",
                    confusion[row][column])
                .markup());
      }
      rows.append(
          Html.of("<tr><td>%s</td>%s</tr>%n", cases.classes().get(row), new Html(cells.toString()))
              .markup());
    }
    return new Html(rows.toString());
  }

  /** Of two classes a curve for each fold, of more one for each class. */
  private Chart roc(boolean two) {
    List<Chart.Curve> curves = new ArrayList<>();
    if (two) {
      for (FoldResult result : results) {
        add(
            curves,
            "fold " + result.fold(),
            Scores.ranking(result.labels(), result.probabilities(), 1));
      }
    } else {
      int[] labels = results.stream().flatMapToInt(r -> Arrays.stream(r.labels())).toArray();
      double[][] all =
          results.stream().flatMap(r -> Arrays.stream(r.probabilities())).toArray(double[][]::new);
      for (int c = 0; c < cases.classes().size(); c++) {
        add(curves, cases.classes().get(c), Scores.ranking(labels, all, c));
      }
    }
    return new Chart("false alarms", "found", curves);
  }

  private static void add(List<Chart.Curve> curves, String label, Ranking ranking) {
    // Without cases of both kinds there is no curve.
    if (!Double.isNaN(ranking.auroc())) {
      curves.add(
          new Chart.Curve(
              label,
              COLORS.get(curves.size() % COLORS.size()),
              ranking.falseAlarmRates(),
              ranking.hitRates()));
    }
  }

  /** A held-out case that was taken for another class. */
  private record Mistake(int index, int fold, int predicted, double probability) {}

  private Html mistakes() {
    List<Mistake> mistakes = new ArrayList<>();
    for (FoldResult result : results) {
      for (int i = 0; i < result.labels().length; i++) {
        double[] probabilities = result.probabilities()[i];
        int predicted = Scores.predicted(probabilities);
        if (predicted != result.labels()[i]) {
          mistakes.add(
              new Mistake(result.heldOut()[i], result.fold(), predicted, probabilities[predicted]));
        }
      }
    }
    mistakes.sort(Comparator.comparingDouble(m -> -m.probability));
    List<Mistake> worst = mistakes.subList(0, Math.min(MISTAKES, mistakes.size()));
    return worst.isEmpty()
        ? Html.of("<h2>Mistakes</h2>%n<p>None.</p>")
        : Html.of(
            "<h2>The most certain mistakes</h2>%n<div class=\"mistakes\">%n%s</div>",
            Html.each(worst, this::figure));
  }

  private Html figure(Mistake mistake) {
    Case one = cases.get(mistake.index);
    return Html.of(
        "<figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"/><figcaption>%s: %.2f, is %s"
            + "<small>%s, fold %d</small></figcaption></figure>",
        one.name(),
        Base64.getEncoder().encodeToString(slices(prepared.read(mistake.index)).png()),
        cases.classes().get(mistake.predicted),
        mistake.probability,
        cases.classes().get(cases.labels()[mistake.index]),
        one.name(),
        mistake.fold);
  }

  /** The middle slices of the first channel across axes 0, 1 and 2; the lower axis runs upwards. */
  private Picture slices(float[] voxels) {
    int[] steps = {side * side, side, 1};
    int scale = Math.max(1, PANEL / side);
    Picture picture = new Picture(3 * side * scale, side * scale, 0);
    for (int axis = 0; axis < 3; axis++) {
      int up = axis == 0 ? steps[1] : steps[0];
      int right = axis == 2 ? steps[1] : steps[2];
      float[] slice = new float[side * side];
      for (int i = 0; i < slice.length; i++) {
        int above = side - 1 - i / side;
        slice[i] = voxels[side / 2 * steps[axis] + above * up + i % side * right];
      }
      Pixels pixels = new Pixels(side, slice);
      double low = pixels.quantile(BEYOND);
      double high = Math.max(pixels.quantile(1 - BEYOND), low + Float.MIN_NORMAL);
      picture.image(axis * side * scale, 0, scale, pixels, low, high, ColorMap.GRAY);
    }
    return picture;
  }
}
