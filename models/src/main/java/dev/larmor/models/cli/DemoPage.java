package dev.larmor.models.cli;

import dev.larmor.models.html.Html;
import dev.larmor.models.html.Page;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.picture.Chart;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import dev.larmor.models.picture.Window;
import dev.larmor.models.training.Evaluation.Comparison;
import dev.larmor.models.training.Evaluation.Image;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Method;
import dev.larmor.models.training.Round;
import dev.larmor.models.training.Score;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The demonstration's result as one HTML file that needs nothing beside it. */
final class DemoPage {
  /** One held-out slice, reconstructed and zero-filled. */
  record Slice(Leaderboard.Entry entry, Comparison comparison) {}

  private static final int PANEL = 160;

  private final List<Round.Summary> epochs = new ArrayList<>();
  private final List<Slice> slices = new ArrayList<>();
  private Score score;

  void add(Round.Summary epoch) {
    epochs.add(epoch);
  }

  void add(Slice slice) {
    slices.add(slice);
  }

  void score(Score heldOut) {
    score = heldOut;
  }

  /** The figures in a few lines. */
  List<String> summary() {
    List<String> lines = new ArrayList<>();
    lines.add("SSIM of the held-out head   zero-filled   FI-VarNet");
    for (int acceleration : score.accelerations()) {
      double from = ssim(Method.ZERO_FILLED, acceleration);
      double to = ssim(Method.RECONSTRUCTION, acceleration);
      lines.add(
          String.format(
              Locale.ROOT,
              "  acceleration %d               %.4f      %.4f  (%+.4f)",
              acceleration,
              from,
              to,
              to - from));
    }
    return lines;
  }

  private double ssim(Method method, int acceleration) {
    return score.mean(method, Figure.SSIM, acceleration).orElseThrow();
  }

  /** The page. */
  String html(double seconds) {
    return Page.of(DemoPage.class, "demo.html")
        .put("table", Html.each(score.accelerations(), this::row))
        .put("chart", chart().svg())
        .put("slices", Html.each(slices, DemoPage::section))
        .put("seconds", String.format(Locale.ROOT, "%.0f", seconds))
        .text();
  }

  private Html row(int acceleration) {
    double from = ssim(Method.ZERO_FILLED, acceleration);
    double to = ssim(Method.RECONSTRUCTION, acceleration);
    return Html.of(
        "<tr><td>%d</td><td>%.3f</td><td><b>%.3f</b></td><td class=\"%s\">%+.3f</td></tr>",
        acceleration, from, to, to > from ? "better" : "worse", to - from);
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

  private static Html section(Slice slice) {
    Comparison comparison = slice.comparison;
    Image zero = comparison.images().get(Method.ZERO_FILLED);
    Image made = comparison.images().get(Method.RECONSTRUCTION);
    Pixels target = new Pixels(comparison.side(), comparison.target());
    Pixels zeroFilled = new Pixels(comparison.side(), zero.pixels());
    Pixels reconstruction = new Pixels(comparison.side(), made.pixels());
    Window window = Window.of(target);
    return Html.of(
        "<section><h3>Acceleration %d, slice %d</h3><div class=\"row\">%n%s%s%s%s%s</div></section>",
        slice.entry.acceleration(),
        comparison.slice() + 1,
        figure(gray(window, zeroFilled), "zero-filled", ssim(zero)),
        figure(gray(window, reconstruction), "FI-VarNet", ssim(made)),
        figure(gray(window, target), "target", "fully sampled"),
        figure(error(window, zeroFilled.minus(target)), "error, zero-filled", ""),
        figure(error(window, reconstruction.minus(target)), "error, FI-VarNet", ""));
  }

  private static String ssim(Image image) {
    return String.format(Locale.ROOT, "SSIM %.3f", image.quality().ssim());
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

  private static Html figure(Picture picture, String title, String detail) {
    return Html.of(
        "<figure><img alt=\"%s\" src=\"data:image/png;base64,%s\"/><figcaption>%s<small>%s</small>"
            + "</figcaption></figure>%n",
        title, Base64.getEncoder().encodeToString(picture.png()), title, detail);
  }
}
