package dev.larmor.models.picture;

import dev.larmor.models.html.Html;
import java.util.List;

/**
 * How values of several groups are spread, as an SVG image: a band for each group, in it a lane for
 * each series, a dot for each value.
 */
public record Spread(String label, List<Series> series, List<Group> groups) {
  /**
   * What is compared within each group.
   *
   * @param color any CSS colour
   */
  public record Series(String label, String color) {}

  /** A group. */
  public record Group(String label, List<Dot> dots) {}

  /**
   * A value.
   *
   * @param series an index
   * @param name what it belongs to, shown when the pointer rests on it
   */
  public record Dot(int series, double value, String name) {}

  private static final int WIDTH = 720;
  private static final int LEFT = 96;
  private static final int RIGHT = 16;
  private static final int TOP = 32;
  private static final int BOTTOM = 44;
  private static final int LANE = 14;
  private static final int GAP = 12;

  /** The low end of the axis is a multiple of this. */
  private static final double ROUND = 0.05;

  /** The image; the axis ends at 1. */
  public Html svg() {
    int band = LANE * series.size() + GAP;
    int bottom = TOP + band * groups.size();
    Axis x = new Axis(low(), 1, LEFT, WIDTH - RIGHT);
    Svg svg = new Svg(WIDTH, bottom + BOTTOM, label);
    x.ticks().forEach(tick -> svg.line(x.place(tick), TOP, x.place(tick), bottom, 0.15));
    svg.bottom(x, bottom, label);
    svg.text(x.to(), 14, "end", Html.each(series, s -> Svg.legend(s.color, s.label)));
    for (int g = 0; g < groups.size(); g++) {
      Group group = groups.get(g);
      int top = TOP + band * g;
      svg.line(x.from(), top, x.to(), top, 0.3);
      svg.text(LEFT - 12, top + band / 2.0 + 4, "end", group.label);
      for (Dot dot : group.dots) {
        double y = top + GAP / 2.0 + LANE * (dot.series + 0.5);
        svg.add(
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\" fill-opacity=\"0.65\">"
                + "<title>%s</title></circle>",
            x.place(dot.value), y, series.get(dot.series).color, dot.name);
      }
    }
    return svg.end();
  }

  private double low() {
    double least =
        groups.stream()
            .flatMap(group -> group.dots.stream())
            .mapToDouble(Dot::value)
            .min()
            .orElse(0);
    return Math.min(Math.floor(least / ROUND) * ROUND, 1 - ROUND);
  }
}
