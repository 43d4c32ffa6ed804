package dev.larmor.models.picture;

import dev.larmor.models.html.Html;

/** A drawing in the making; axes and letters have the colour of the text around it. */
final class Svg {
  private final StringBuilder content = new StringBuilder();

  /** An empty drawing, named for those who cannot see it. */
  Svg(int width, int height, String name) {
    add(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\" font-family=\"inherit\""
            + " font-size=\"12\" fill=\"currentColor\">",
        width, height, name);
  }

  /** Adds an element as {@link Html#of} makes it. */
  Svg add(String format, Object... values) {
    content.append(Html.of(format, values).markup());
    return this;
  }

  Svg line(double x1, double y1, double x2, double y2, double opacity) {
    return add(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\""
            + " stroke-opacity=\"%.2f\"/>",
        x1, y1, x2, y2, opacity);
  }

  Svg text(double x, double y, String anchor, Object text) {
    return add("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor, text);
  }

  /** An axis at the bottom, its ticks labelled. */
  Svg bottom(Axis x, int y, String label) {
    x.ticks()
        .forEach(tick -> {
          line(x.place(tick), y, x.place(tick), y + 5, 1);
          text(x.place(tick), y + 18, "middle", x.label(tick));
        });
    line(x.from(), y, x.to(), y, 1);
    return text((x.from() + x.to()) / 2.0, y + 36, "middle", label);
  }

  /** An entry of a legend, to be put into a text. */
  static Html legend(String color, String label) {
    return Html.of("&#160;&#160;<tspan fill=\"%s\">&#9632;</tspan>&#160;%s", color, label);
  }

  /** The whole: an {@code <svg>} element. */
  Html end() {
    return new Html(content.append("</svg>").toString());
  }
}
