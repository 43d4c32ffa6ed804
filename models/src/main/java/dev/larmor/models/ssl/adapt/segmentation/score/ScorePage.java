package dev.larmor.models.ssl.adapt.segmentation.score;

import dev.larmor.models.html.Html;
import dev.larmor.models.html.Page;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore.ClassScore;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A score as a page: a table of means, one of cases, and each case's picture.
 *
 * @param title what was trained
 * @param remarks of how, a line each
 * @param picture of a case, relative to the page, if there is one
 */
public record ScorePage(
    String title,
    Iterable<String> remarks,
    Score score,
    Function<CaseScore, Optional<String>> picture) {
  /** The page's text. */
  public String html() {
    return Page.of(ScorePage.class, "segmentation.html")
        .put("title", title)
        .put("remarks", Html.each(remarks, line -> Html.of("<li>%s</li>", line)))
        .put("means", means())
        .put("labels", labels(label -> Html.of("<th scope=\"col\">%s</th>", name(label))))
        .put("cases", Html.each(score.cases(), this::row))
        .put("pictures", Html.each(score.cases(), this::figure))
        .text();
  }

  private String name(int label) {
    return score.labels().names().get(label);
  }

  private Html labels(Function<Integer, Html> piece) {
    return Html.each(IntStream.range(1, score.labels().count()).boxed().toList(), piece);
  }

  private Html means() {
    Html each =
        labels(label ->
            Html.of(
                "<tr><td><span style=\"color: #%06x\">&#9632;</span> %s</td><td>%s</td><td>%s</td></tr>",
                CasePictures.COLORS.get((label - 1) % CasePictures.COLORS.size()),
                name(label),
                dice(score.mean(label, ClassScore::dice)),
                distance(score.mean(label, ClassScore::distance))));
    return Html.of(
        "%s<tr><th scope=\"row\">all</th><td>%s</td><td>%s</td></tr>",
        each, dice(score.mean(ClassScore::dice)), distance(score.mean(ClassScore::distance)));
  }

  private Html row(CaseScore one) {
    return Html.of(
        "<tr><td>%s</td>%s</tr>",
        one.name(),
        Html.each(
            one.classes(),
            c -> Html.of("<td>%s, %s</td>", dice(c.dice()), distance(c.distance()))));
  }

  private Html figure(CaseScore one) {
    return picture
        .apply(one)
        .map(file ->
            Html.of(
                "<figure><img src=\"%s\" loading=\"lazy\" alt=\"%s: image, truth and what was found\"/>"
                    + "<figcaption>%s</figcaption></figure>",
                file, one.name(), one.name()))
        .orElse(Html.NONE);
  }

  private static String dice(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.4f", value);
  }

  private static String distance(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.1f mm", value);
  }
}
