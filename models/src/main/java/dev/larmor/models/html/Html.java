package dev.larmor.models.html;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;

/**
 * A piece of a page: HTML that is well-formed XML too.
 *
 * @param markup as it goes into the page
 */
public record Html(String markup) {
  /** Nothing. */
  public static final Html NONE = new Html("");

  /** Text as it is: characters that mean something in HTML are escaped. */
  public static Html text(String text) {
    return new Html(
        text.replace("&", "&amp;")
            .replace("<", "&lt;")
            .replace(">", "&gt;")
            .replace("\"", "&quot;"));
  }

  /**
   * Markup with values in it, as {@link String#format} puts them: strings are text, pieces of HTML
   * stay what they are.
   */
  public static Html of(String format, Object... values) {
    Object[] safe =
        Arrays.stream(values)
            .map(value ->
                switch (value) {
                  case Html piece -> piece.markup;
                  case String text -> text(text).markup;
                  default -> value;
                })
            .toArray();
    return new Html(String.format(Locale.ROOT, format, safe));
  }

  /** One piece for each thing, a line each. */
  public static <T> Html each(Iterable<? extends T> things, Function<T, Html> piece) {
    StringBuilder lines = new StringBuilder();
    things.forEach(thing -> lines.append(piece.apply(thing).markup).append('\n'));
    return new Html(lines.toString());
  }
}
