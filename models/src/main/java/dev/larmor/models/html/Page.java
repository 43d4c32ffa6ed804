package dev.larmor.models.html;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A page made of a template: a resource with places such as <code>{{table}}</code>, each to be
 * filled. <code>{{style}}</code> is filled already, with the look that all pages share.
 */
public final class Page {
  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");

  private final String template;
  private final Map<String, Html> pieces = new HashMap<>();

  private Page(String template) {
    this.template = template;
    pieces.put("style", new Html(read(Page.class, "style.css")));
  }

  /** The page of the resource {@code name} beside a class. */
  public static Page of(Class<?> beside, String name) {
    return new Page(read(beside, name));
  }

  /** Fills a place. */
  public Page put(String place, Html piece) {
    pieces.put(place, piece);
    return this;
  }

  /** Fills a place with text. */
  public Page put(String place, String text) {
    return put(place, Html.text(text));
  }

  /**
   * The whole page.
   *
   * @throws IllegalStateException if a place was not filled
   */
  public String text() {
    StringBuilder page = new StringBuilder();
    Matcher places = PLACE.matcher(template);
    while (places.find()) {
      Html piece = pieces.get(places.group(1));
      if (piece == null) {
        throw new IllegalStateException("nothing for " + places.group());
      }
      places.appendReplacement(page, Matcher.quoteReplacement(piece.markup()));
    }
    return places.appendTail(page).toString();
  }

  private static String read(Class<?> beside, String name) {
    try (InputStream in = beside.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
