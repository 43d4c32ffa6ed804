package dev.larmor.models.cli;

import dev.larmor.models.data.Anatomy;
import dev.larmor.models.html.Html;
import dev.larmor.models.html.Page;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.picture.Spread;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Method;
import dev.larmor.models.training.Score;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * All slices of a score on one page, beside their pictures: a table to be sorted and filtered, with
 * thumbnails that are loaded as they come into sight.
 *
 * @param title what was evaluated
 * @param unmatched a line for each file without a partner
 */
record ReportPage(String title, Score score, List<String> unmatched) {
  /** A slice's picture, relative to the page. */
  static Path picture(Leaderboard.Entry entry, int slice) {
    String stem = entry.name().toString().replaceFirst("\\.[^.]*$", "");
    return Path.of(String.format(Locale.ROOT, "%s_%03d.png", stem, slice));
  }

  /** A slice's thumbnail, twice as wide as high, relative to the page. */
  static Path thumbnail(Leaderboard.Entry entry, int slice) {
    return Path.of("thumbnails").resolve(picture(entry, slice));
  }

  /** The page. */
  String html() {
    SortedSet<Method> methods = score.methods();
    SortedSet<Anatomy> anatomies = new TreeSet<>();
    score.accelerations().forEach(r -> anatomies.addAll(score.anatomies(r)));
    ScoreTable table = new ScoreTable(score);
    return Page.of(ReportPage.class, "report.html")
        .put("title", title)
        .put("summary", summary())
        .put("methods", Html.each(methods, m -> Html.of("<th scope=\"col\">%s</th>", m.label())))
        .put("score", scoreRows(table))
        .put("remarks", remarks(table))
        .put("spread", spread().svg())
        .put("anatomies", Html.each(anatomies, a -> option(a.label())))
        .put("accelerations", Html.each(score.accelerations(), r -> option(ScoreTable.label(r))))
        .put("groups", Html.each(methods, ReportPage::group))
        .put("columns", columns())
        .put("slices", Html.each(SliceRow.of(score), this::row))
        .text();
  }

  private String summary() {
    return "%s, %s"
        .formatted(
            Larmor.count(score.volumes().size(), "volume"), Larmor.count(score.slices(), "slice"));
  }

  private static Html scoreRows(ScoreTable table) {
    StringBuilder html = new StringBuilder();
    Figure last = null;
    for (ScoreTable.Row row : table.rows()) {
      boolean first = row.figure() != last;
      last = row.figure();
      html.append(
          Html.of(
                  "<tr%s><td>%s</td><td>%s %s</td>%s</tr>%n",
                  first ? new Html(" class=\"first\"") : Html.NONE,
                  first ? row.figure().label() : "",
                  row.group(),
                  row.part(),
                  Html.each(row.cells(), cell -> Html.of("<td>%s</td>", cell)))
              .markup());
    }
    return new Html(html.toString());
  }

  private Html remarks(ScoreTable table) {
    List<String> all = new ArrayList<>(unmatched);
    all.addAll(table.remarks());
    return all.isEmpty()
        ? Html.NONE
        : Html.of("<ul>%s</ul>", Html.each(all, remark -> Html.of("<li>%s</li>", remark)));
  }

  private static Html option(String label) {
    return Html.of("<option>%s</option>", label);
  }

  private static Html group(Method method) {
    return Html.of(
        "<th colspan=\"%d\" scope=\"colgroup\" class=\"start\">%s</th>",
        Figure.values().length, method.label());
  }

  /** The mean SSIM of each volume, by acceleration and anatomy. */
  private Spread spread() {
    List<Method> methods = List.copyOf(score.methods());
    List<Spread.Group> groups = new ArrayList<>();
    for (int acceleration : score.accelerations()) {
      for (Anatomy anatomy : score.anatomies(acceleration)) {
        List<Spread.Dot> dots = new ArrayList<>();
        for (Score.Volume volume : score.volumes()) {
          Leaderboard.Entry entry = volume.entry();
          if (entry.acceleration() == acceleration && entry.anatomy() == anatomy) {
            for (int m = 0; m < methods.size(); m++) {
              dot(volume, methods, m, dots);
            }
          }
        }
        groups.add(new Spread.Group(ScoreTable.label(acceleration) + " " + anatomy.label(), dots));
      }
    }
    return new Spread(
        "mean SSIM of a volume",
        methods.stream().map(m -> new Spread.Series(m.label(), color(m))).toList(),
        groups);
  }

  private static void dot(
      Score.Volume volume, List<Method> methods, int series, List<Spread.Dot> dots) {
    OptionalDouble mean = volume.mean(methods.get(series), Figure.SSIM);
    if (mean.isPresent()) {
      String name =
          "%s, %s: %s"
              .formatted(
                  volume.entry().name(),
                  methods.get(series).label(),
                  Figure.SSIM.text(mean.getAsDouble()));
      dots.add(new Spread.Dot(series, mean.getAsDouble(), name));
    }
  }

  private static String color(Method method) {
    return switch (method) {
      case RECONSTRUCTION -> "#0a84c8";
      case ZERO_FILLED -> "#8b93a1";
      case GRAPPA -> "#e07a1f";
    };
  }

  /** The names of columns after the first, buttons that sort. */
  private Html columns() {
    StringBuilder html = new StringBuilder();
    html.append(column("file", "text", "text").markup());
    html.append(column("anatomy", "text", "text").markup());
    html.append(column("acceleration", "number", "").markup());
    html.append(column("slice", "number", "").markup());
    for (Method _ : score.methods()) {
      for (Figure figure : Figure.values()) {
        html.append(column(figure.name(), "number", figure == Figure.SSIM ? "start" : "").markup());
      }
    }
    return new Html(html.toString());
  }

  private static Html column(String name, String type, String style) {
    return Html.of(
        "<th scope=\"col\" aria-sort=\"none\" data-type=\"%s\" class=\"%s\">"
            + "<button type=\"button\">%s</button></th>",
        type, style, name);
  }

  private Html row(SliceRow row) {
    String name = row.entry().name().toString();
    String anatomy = row.entry().anatomy().label();
    String acceleration = ScoreTable.label(row.entry().acceleration());
    StringBuilder figures = new StringBuilder();
    for (Method method : score.methods()) {
      for (Figure figure : Figure.values()) {
        double value = row.value(method, figure);
        figures.append(
            Html.of(
                    "<td%s data-key=\"%s\">%s</td>",
                    figure == Figure.SSIM ? new Html(" class=\"start\"") : Html.NONE,
                    Double.isNaN(value) ? "" : Double.toString(value),
                    figure.text(value))
                .markup());
      }
    }
    return Html.of(
        "<tr data-file=\"%s\" data-anatomy=\"%s\" data-acceleration=\"%s\">"
            + "<td class=\"text\"><a href=\"%s\"><img src=\"%s\""
            + " loading=\"lazy\" alt=\"%s, slice %d\"/></a></td>"
            + "<td class=\"text\" data-key=\"%s\">%s</td><td class=\"text\" data-key=\"%s\">%s</td>"
            + "<td data-key=\"%d\">%s</td><td data-key=\"%d\">%d</td>%s</tr>",
        name,
        anatomy,
        acceleration,
        link(picture(row.entry(), row.slice())),
        link(thumbnail(row.entry(), row.slice())),
        name,
        row.slice(),
        name,
        name,
        anatomy,
        anatomy,
        row.entry().acceleration(),
        acceleration,
        row.slice(),
        row.slice(),
        new Html(figures.toString()));
  }

  /** A file below the page's folder as a link: {@code ./acc4/my%20head_003.png}. */
  private static String link(Path file) {
    try {
      return new URI(null, null, "./" + file.toString().replace('\\', '/'), null).toASCIIString();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
