package dev.larmor.models.picture;

import dev.larmor.models.picture.Chart.Curve;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * Plots above each other over a common x axis, as a picture. A plot's y axis goes from its least
 * value to its largest; values that are not finite are left out.
 *
 * @param xLabel what x is
 * @param plots from the top
 */
public record PlotSheet(String xLabel, List<Plot> plots) {
  /**
   * One plot.
   *
   * @param label what y is
   * @param curves with colours as {@code #rrggbb}
   */
  public record Plot(String label, List<Curve> curves) {
    private DoubleStream values() {
      return curves.stream().flatMapToDouble(c -> DoubleStream.of(c.y())).filter(Double::isFinite);
    }
  }

  private static final int WIDTH = 960;
  private static final int HEIGHT = 300; // of a plot
  private static final int LEFT = 110;
  private static final int RIGHT = 24;
  private static final int TOP = 34;
  private static final int BOTTOM = 34;
  private static final int WHITE = 0xFFFFFF;
  private static final int GRID = 0xE0E0E0;
  private static final int BLACK = 0x202020;

  /** Draws them. */
  public Picture picture() {
    Picture picture = new Picture(WIDTH, HEIGHT * plots.size(), WHITE);
    Axis x = xAxis();
    for (int i = 0; i < plots.size(); i++) {
      draw(picture, plots.get(i), x, i * HEIGHT);
    }
    return picture;
  }

  private Axis xAxis() {
    double[] all =
        plots.stream()
            .flatMap(plot -> plot.curves.stream())
            .flatMapToDouble(curve -> DoubleStream.of(curve.x()))
            .toArray();
    return axis(DoubleStream.of(all), LEFT, WIDTH - RIGHT);
  }

  /** An axis over all values, never of no length. */
  private static Axis axis(DoubleStream values, int from, int to) {
    var summary = values.summaryStatistics();
    if (summary.getCount() == 0) {
      return new Axis(0, 1, from, to);
    }
    double low = summary.getMin();
    double high = summary.getMax();
    double room = high > low ? 0 : Math.max(Math.abs(low) * 0.05, 1e-12);
    return new Axis(low - room, high + room, from, to);
  }

  private void draw(Picture picture, Plot plot, Axis x, int top) {
    int bottom = top + HEIGHT - BOTTOM;
    Axis y = axis(plot.values(), bottom, top + TOP);
    y.ticks()
        .forEach(tick -> {
          int at = (int) Math.round(y.place(tick));
          picture.line(LEFT, at, WIDTH - RIGHT, at, GRID);
          String label = y.label(tick);
          picture.text(
              LEFT - 8 - label.length() * Picture.LETTER_WIDTH,
              at - Picture.LETTER_HEIGHT / 2,
              label,
              BLACK);
        });
    x.ticks()
        .forEach(tick -> {
          int at = (int) Math.round(x.place(tick));
          picture.line(at, bottom, at, bottom + 4, BLACK);
          String label = x.label(tick);
          picture.text(at - label.length() * Picture.LETTER_WIDTH / 2, bottom + 6, label, BLACK);
        });
    picture.text(8, top + 8, plot.label, BLACK);
    int right = WIDTH - RIGHT;
    for (Curve curve : plot.curves.reversed()) {
      right -= (curve.label().length() + 2) * Picture.LETTER_WIDTH;
      picture.text(right, top + 8, curve.label(), color(curve));
    }
    picture.text(8, bottom + 6, xLabel, BLACK);
    plot.curves.forEach(curve -> draw(picture, curve, x, y));
  }

  private static int color(Curve curve) {
    return Integer.decode(curve.color());
  }

  private static void draw(Picture picture, Curve curve, Axis x, Axis y) {
    for (int i = 0; i < curve.x().length; i++) {
      int before = Math.max(0, i - 1);
      if (Double.isFinite(curve.y()[before]) && Double.isFinite(curve.y()[i])) {
        int fromX = (int) Math.round(x.place(curve.x()[before]));
        int fromY = (int) Math.round(y.place(curve.y()[before]));
        int toX = (int) Math.round(x.place(curve.x()[i]));
        int toY = (int) Math.round(y.place(curve.y()[i]));
        picture.line(fromX, fromY, toX, toY, color(curve));
        picture.line(fromX, fromY + 1, toX, toY + 1, color(curve));
      }
    }
  }
}
