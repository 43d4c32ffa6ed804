package dev.larmor.models.cli;

import dev.larmor.models.picture.Chart;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import dev.larmor.models.picture.Window;
import dev.larmor.models.training.Evaluation.Comparison;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Round;
import dev.larmor.models.training.Score;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The demonstration's result as one HTML file that needs nothing beside it. */
final class DemoPage {
  /** One held-out slice, reconstructed twice. */
  record Slice(Leaderboard.Entry entry, Comparison zeroFilled, Comparison reconstruction) {}

  private static final int PANEL = 160;

  private final List<Round.Summary> epochs = new ArrayList<>();
  private final List<Slice> slices = new ArrayList<>();
  private Score before;
  private Score after;

  void add(Round.Summary epoch) {
    epochs.add(epoch);
  }

  void add(Slice slice) {
    slices.add(slice);
  }

  void scores(Score zeroFilled, Score reconstructions) {
    before = zeroFilled;
    after = reconstructions;
  }

  /** The figures in a few lines. */
  List<String> summary() {
    List<String> lines = new ArrayList<>();
    lines.add("SSIM of the held-out head   zero-filled   FI-VarNet");
    for (int acceleration : after.accelerations()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "  acceleration %d               %.4f      %.4f  (%+.4f)",
              acceleration,
              ssim(before, acceleration),
              ssim(after, acceleration),
              ssim(after, acceleration) - ssim(before, acceleration)));
    }
    return lines;
  }

  private static double ssim(Score score, int acceleration) {
    return score.mean(acceleration).orElseThrow();
  }

  /** The page. */
  String html(double seconds) {
    return template()
        .replace("{{table}}", table())
        .replace("{{chart}}", chart().svg())
        .replace("{{slices}}", gallery())
        .replace("{{seconds}}", String.format(Locale.ROOT, "%.0f", seconds));
  }

  private static String template() {
    try (InputStream in = DemoPage.class.getResourceAsStream("demo.html")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String table() {
    StringBuilder rows = new StringBuilder();
    for (int acceleration : after.accelerations()) {
      double from = ssim(before, acceleration);
      double to = ssim(after, acceleration);
      add(
          rows,
          "<tr><td>%d</td><td>%.3f</td><td><b>%.3f</b></td><td class=\"%s\">%+.3f</td></tr>%n",
          acceleration,
          from,
          to,
          to > from ? "better" : "worse",
          to - from);
    }
    return rows.toString();
  }

  private Chart chart() {
    return new Chart(
        "epoch",
        "loss",
        List.of(
            curve("training", "#0a84c8", Round.Summary::trainLoss),
            curve("validation, 1 - SSIM", "#e07a1f", Round.Summary::validationLoss)));
  }

  private Chart.Curve curve(String label, String color, ToDoubleFunction<Round.Summary> loss) {
    return new Chart.Curve(
        label,
        color,
        epochs.stream().mapToDouble(e -> e.round().epoch() + 1).toArray(),
        epochs.stream().mapToDouble(loss).toArray());
  }

  private String gallery() {
    StringBuilder html = new StringBuilder();
    for (Slice slice : slices) {
      Comparison zero = slice.zeroFilled;
      Comparison made = slice.reconstruction;
      Pixels target = new Pixels(made.side(), made.target());
      Pixels zeroFilled = new Pixels(made.side(), zero.reconstruction());
      Pixels reconstruction = new Pixels(made.side(), made.reconstruction());
      Window window = Window.of(target);
      add(
          html,
          "<section><h3>Acceleration %d, slice %d</h3><div class=\"row\">%n",
          slice.entry.acceleration(),
          made.slice() + 1);
      figure(html, gray(window, zeroFilled), "zero-filled", ssim(zero));
      figure(html, gray(window, reconstruction), "FI-VarNet", ssim(made));
      figure(html, gray(window, target), "target", "fully sampled");
      figure(html, error(window, zeroFilled.minus(target)), "error, zero-filled", "");
      figure(html, error(window, reconstruction.minus(target)), "error, FI-VarNet", "");
      html.append("</div></section>\n");
    }
    return html.toString();
  }

  private static String ssim(Comparison comparison) {
    return String.format(Locale.ROOT, "SSIM %.3f", comparison.ssim());
  }

  private static Picture gray(Window window, Pixels pixels) {
    return window.image(canvas(pixels), 0, 0, scale(pixels), pixels);
  }

  private static Picture error(Window window, Pixels pixels) {
    return window.difference(canvas(pixels), 0, 0, scale(pixels), pixels);
  }

  private static Picture canvas(Pixels pixels) {
    int side = scale(pixels) * pixels.side();
    return new Picture(side, side, 0);
  }

  private static int scale(Pixels pixels) {
    return Math.max(1, PANEL / pixels.side());
  }

  private static void figure(StringBuilder html, Picture picture, String title, String detail) {
    add(
        html,
        "<figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"><figcaption>%s<small>%s</small>"
            + "</figcaption></figure>%n",
        title,
        Base64.getEncoder().encodeToString(picture.png()),
        title,
        detail);
  }

  private static void add(StringBuilder to, String format, Object... arguments) {
    to.append(String.format(Locale.ROOT, format, arguments));
  }
}
