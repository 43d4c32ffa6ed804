package dev.larmor.models.picture;

import dev.larmor.models.html.Html;
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

  /** The image: an {@code <svg>} element. */
  public Html svg() {
    Axis x = new Axis(0, extreme(true), LEFT, WIDTH - RIGHT);
    Axis y = new Axis(0, extreme(false) * 1.05, HEIGHT - BOTTOM, TOP);
    Svg svg = new Svg(WIDTH, HEIGHT, yLabel + " over " + xLabel);
    y.ticks()
        .forEach(tick -> {
          svg.line(x.from(), y.place(tick), x.to(), y.place(tick), 0.15);
          svg.text(x.from() - 8, y.place(tick) + 4, "end", y.label(tick));
        });
    svg.bottom(x, HEIGHT - BOTTOM, xLabel);
    svg.text(4, 14, "start", yLabel);
    svg.text(x.to(), 14, "end", Html.each(curves, c -> Svg.legend(c.color, c.label)));
    curves.forEach(curve -> draw(svg, curve, x, y));
    return svg.end();
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

  private static void draw(Svg svg, Curve curve, Axis x, Axis y) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < curve.x.length; i++) {
      points.append(
          String.format(Locale.ROOT, "%.1f,%.1f ", x.place(curve.x[i]), y.place(curve.y[i])));
    }
    svg.add(
        "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\""
            + " stroke-linejoin=\"round\"/>",
        points.toString().strip(), curve.color);
  }
}
