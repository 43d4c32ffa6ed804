package dev.larmor.models.picture;

import java.util.List;
import java.util.Locale;

/**
 * Curves over a common x axis, as an SVG image. Axes and letters have the colour of the text around
 * it.
 */
public record Chart(String xLabel, String yLabel, List<Curve> curves) {
  /**
   * A curve.
   *
   * @param color any CSS colour
   * @param x rising
   * @param y as many values
   */
  public record Curve(String label, String color, double[] x, double[] y) {}

  private static final int WIDTH = 720;
  private static final int HEIGHT = 300;
  private static final int LEFT = 64;
  private static final int RIGHT = 16;
  private static final int TOP = 28;
  private static final int BOTTOM = 44;

  /** Roughly so many ticks to an axis. */
  private static final int TICKS = 6;

  /**
   * An axis from {@code low} to {@code high} in data, {@code from} to {@code to} in the picture.
   */
  private record Axis(double low, double high, int from, int to) {
    double place(double value) {
      return from + (value - low) / (high - low) * (to - from);
    }

    /** A round distance between ticks: 1, 2 or 5 times a power of ten. */
    double step() {
      double raw = (high - low) / TICKS;
      double power = Math.pow(10, Math.floor(Math.log10(raw)));
      double mantissa = raw / power;
      return power * (mantissa <= 1 ? 1 : mantissa <= 2 ? 2 : mantissa <= 5 ? 5 : 10);
    }

    String label(double value) {
      int digits = (int) Math.max(0, -Math.floor(Math.log10(step()) + 1e-9));
      return String.format(Locale.ROOT, "%." + digits + "f", value);
    }
  }

  /** The image: an {@code <svg>} element. */
  public String svg() {
    Axis x = new Axis(0, extreme(true), LEFT, WIDTH - RIGHT);
    Axis y = new Axis(0, extreme(false) * 1.05, HEIGHT - BOTTOM, TOP);
    StringBuilder svg = new StringBuilder();
    add(
        svg,
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" font-family=\"inherit\" font-size=\"12\""
            + " fill=\"currentColor\">",
        WIDTH,
        HEIGHT);
    for (double tick = 0; tick <= x.high; tick += x.step()) {
      double at = x.place(tick);
      line(svg, at, y.from, at, y.from + 5, 1);
      text(svg, at, y.from + 18, "middle", x.label(tick));
    }
    for (double tick = 0; tick <= y.high; tick += y.step()) {
      double at = y.place(tick);
      line(svg, x.from, at, x.to, at, 0.15);
      text(svg, x.from - 8, at + 4, "end", y.label(tick));
    }
    line(svg, x.from, y.from, x.to, y.from, 1);
    text(svg, (x.from + x.to) / 2.0, HEIGHT - 8, "middle", xLabel);
    text(svg, 4, 14, "start", yLabel);
    StringBuilder legend = new StringBuilder();
    for (Curve curve : curves) {
      add(legend, "<tspan fill=\"%s\" dx=\"18\">&#9632;</tspan>", curve.color);
      add(legend, "<tspan dx=\"6\">%s</tspan>", curve.label);
    }
    text(svg, x.to, 14, "end", legend.toString());
    curves.forEach(curve -> draw(svg, curve, x, y));
    return svg.append("</svg>").toString();
  }

  private double extreme(boolean ofX) {
    double largest = 0;
    for (Curve curve : curves) {
      for (double value : ofX ? curve.x : curve.y) {
        largest = Math.max(largest, value);
      }
    }
    return largest > 0 ? largest : 1;
  }

  private static void draw(StringBuilder svg, Curve curve, Axis x, Axis y) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < curve.x.length; i++) {
      add(points, "%.1f,%.1f ", x.place(curve.x[i]), y.place(curve.y[i]));
    }
    add(
        svg,
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\""
            + " stroke-linejoin=\"round\"/>",
        points.toString().strip(),
        curve.color);
  }

  private static void line(
      StringBuilder svg, double x1, double y1, double x2, double y2, double opacity) {
    add(
        svg,
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\""
            + " stroke-opacity=\"%.2f\"/>",
        x1,
        y1,
        x2,
        y2,
        opacity);
  }

  private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
    add(svg, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
  }

  private static void add(StringBuilder to, String format, Object... arguments) {
    to.append(String.format(Locale.ROOT, format, arguments));
  }
}
