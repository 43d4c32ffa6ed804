package dev.larmor.models.html;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class PageTest {
  private static Page page() {
    return Page.of(PageTest.class, "page.html");
  }

  @Test
  void placesAreFilledOnceAndWithTheSharedStyle() {
    String page = page().put("title", "{{body}} & $1").put("body", Html.of("<b>%d</b>", 3)).text();
    assertTrue(page.contains("<h1>{{body}} &amp; $1</h1>"), page);
    assertTrue(page.contains("<b>3</b>"), page);
    assertTrue(page.contains("color-scheme: light dark"), page);
  }

  @Test
  void noPlaceStaysEmpty() {
    Page half = page().put("title", "x");
    assertEquals(
        "nothing for {{body}}", assertThrows(IllegalStateException.class, half::text).getMessage());
  }

  @Test
  void textIsEscapedAndHtmlIsNot() {
    assertEquals(
        "<a title=\"&quot;&lt;&amp;&gt;\"><i>1.50</i></a>",
        Html.of("<a title=\"%s\">%s</a>", "\"<&>", Html.of("<i>%.2f</i>", 1.5)).markup());
    assertEquals(
        "<p>a</p>\n<p>b</p>\n",
        Html.each(List.of("a", "b"), text -> Html.of("<p>%s</p>", text)).markup());
  }
}
