package dev.larmor.models.cli;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.training.Method;
import dev.larmor.models.training.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedSet;

/**
 * A score as people read it: one column a method, SSIM by acceleration and anatomy with the
 * leaderboard's score below, then the other figures by acceleration.
 */
record ScoreTable(Score score) {
  /**
   * A line of figures.
   *
   * @param acceleration R; empty in the line of the score
   * @param anatomy empty where all are together
   * @param values of {@link Score#methods}, in that order
   */
  record Row(
      Figure figure,
      Optional<Integer> acceleration,
      Optional<Anatomy> anatomy,
      List<OptionalDouble> values) {
    /** The acceleration, or what else the line is of. */
    String group() {
      return acceleration.map(ScoreTable::label).orElse("score");
    }

    /** The anatomy, or what else of the acceleration the line is of. */
    String part() {
      return anatomy.map(Anatomy::label).orElse(acceleration.isPresent() ? "all" : "");
    }

    /** The figures as people read them. */
    List<String> cells() {
      return values.stream().map(value -> figure.text(value.orElse(Double.NaN))).toList();
    }
  }

  /** An acceleration as files and tables spell it. */
  static String label(int acceleration) {
    return acceleration == 0 ? "all" : "acc" + acceleration;
  }

  /** The lines, those of a figure together. */
  List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (Figure figure : Figure.values()) {
      for (int acceleration : score.accelerations()) {
        SortedSet<Anatomy> anatomies = score.anatomies(acceleration);
        if (figure == Figure.SSIM) {
          anatomies.forEach(anatomy -> rows.add(row(figure, acceleration, anatomy)));
        }
        if (figure != Figure.SSIM || anatomies.size() > 1) {
          rows.add(row(figure, acceleration));
        }
      }
      if (figure == Figure.SSIM) {
        rows.add(
            new Row(
                figure,
                Optional.empty(),
                Optional.empty(),
                score.methods().stream().map(score::total).toList()));
      }
    }
    return rows;
  }

  private Row row(Figure figure, int acceleration, Anatomy anatomy) {
    return new Row(
        figure,
        Optional.of(acceleration),
        Optional.of(anatomy),
        score.methods().stream()
            .map(method -> score.mean(method, figure, acceleration, anatomy))
            .toList());
  }

  private Row row(Figure figure, int acceleration) {
    return new Row(
        figure,
        Optional.of(acceleration),
        Optional.empty(),
        score.methods().stream().map(method -> score.mean(method, figure, acceleration)).toList());
  }

  /** What the figures do not say by themselves, a sentence each. */
  List<String> remarks() {
    List<String> remarks = new ArrayList<>();
    int slices = score.slices();
    for (Method method : score.methods()) {
      if (score.slices(method) < slices) {
        remarks.add(
            "%s: only %d of %s have such an image"
                .formatted(method.label(), score.slices(method), Larmor.count(slices, "slice")));
      }
    }
    int empty = score.emptySlices();
    if (empty > 0) {
      remarks.add(
          "%s without anatomy in the target: SSIM 1 as the formula gives, no PSNR, no NMSE"
              .formatted(Larmor.count(empty, "slice")));
    }
    return remarks;
  }

  /** The table in plain text. */
  List<String> text() {
    List<String> lines = new ArrayList<>();
    Figure last = null;
    for (Row row : rows()) {
      if (row.figure != last) {
        lines.add(line(row.figure.label(), score.methods().stream().map(Method::label).toList()));
        last = row.figure;
      }
      lines.add(line("%-6s %s".formatted(row.group(), row.part()), row.cells()));
    }
    return lines;
  }

  private static String line(String first, List<String> cells) {
    StringBuilder line = new StringBuilder("%-14s".formatted(first));
    cells.forEach(cell -> line.append("%15s".formatted(cell)));
    return line.toString();
  }
}
