package dev.larmor.models.picture;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

final class PictureTest {
  private static int color(Picture picture, int x, int y) throws IOException {
    BufferedImage image = ImageIO.read(new ByteArrayInputStream(picture.png()));
    return image.getRGB(x, y) & 0xFFFFFF;
  }

  @Test
  void grayFromLowToHigh() throws IOException {
    Pixels pixels = new Pixels(2, new float[] {-1, 0.5f, 1, Float.NaN});
    Picture picture = new Picture(7, 6, 0x123456).image(1, 2, 2, pixels, 0, 1, ColorMap.GRAY);
    assertEquals(0x123456, color(picture, 0, 0));
    assertEquals(0x000000, color(picture, 1, 2), "below the range");
    assertEquals(0x808080, color(picture, 3, 3));
    assertEquals(0xFFFFFF, color(picture, 2, 5));
    assertEquals(0x000000, color(picture, 4, 4), "not a number");
    assertEquals(0x123456, color(picture, 5, 5));
  }

  @Test
  void differencesAreYellowBlackRed() throws IOException {
    Pixels pixels = new Pixels(2, new float[] {-3, 0, 1, 2});
    Picture picture = new Picture(2, 2, 0).image(0, 0, 1, pixels, -2, 2, ColorMap.YELLOW_BLACK_RED);
    assertEquals(0xFFFF00, color(picture, 0, 0));
    assertEquals(0x000000, color(picture, 1, 0));
    assertEquals(0x800000, color(picture, 0, 1));
    assertEquals(0xFF0000, color(picture, 1, 1));
  }

  @Test
  void theOutlineIsOnePixelWide() throws IOException {
    Pixels region = new Pixels(3, new float[] {0, 0, 0, 0, 1, 0, 0, 0, 0});
    Picture picture = new Picture(12, 12, 0).outline(0, 0, 4, region, 0xFFFFFF);
    assertEquals(0xFFFFFF, color(picture, 4, 4));
    assertEquals(0xFFFFFF, color(picture, 7, 5));
    assertEquals(0xFFFFFF, color(picture, 5, 7));
    assertEquals(0, color(picture, 5, 5), "inside");
    assertEquals(0, color(picture, 3, 4), "outside");
  }

  @Test
  void textLeavesInkWhereLettersAre() throws IOException {
    Picture picture = new Picture(20, Picture.LETTER_HEIGHT, 0).text(0, 0, " I and more", 0xFFFFFF);
    int blank = 0;
    int letter = 0;
    for (int y = 0; y < Picture.LETTER_HEIGHT; y++) {
      for (int x = 0; x < Picture.LETTER_WIDTH; x++) {
        blank += color(picture, x, y);
        letter += color(picture, x + Picture.LETTER_WIDTH, y) & 0xFF;
      }
    }
    assertEquals(0, blank);
    assertTrue(letter > 10 * 255, "an I: " + letter);
  }

  @Test
  void quantiles() {
    Pixels pixels = new Pixels(2, new float[] {3, 1, 4, 2});
    assertEquals(1, pixels.quantile(0));
    assertEquals(3, pixels.quantile(0.7));
    assertEquals(4, pixels.quantile(1));
    assertEquals(-2, pixels.minus(new Pixels(2, new float[] {5, 0, 0, 0})).values()[0]);
    assertThrows(IllegalArgumentException.class, () -> new Pixels(2, new float[3]));
  }

  @Test
  void aChartIsWellFormed() throws ParserConfigurationException, SAXException, IOException {
    Chart chart =
        new Chart(
            "epoch",
            "loss",
            List.of(
                new Chart.Curve("one", "red", new double[] {1, 2}, new double[] {0.5, 0.25}),
                new Chart.Curve("two", "#00f", new double[] {1, 2}, new double[] {0.4, 0.3})));
    String svg = chart.svg().markup();
    Document document = parse(svg);
    assertEquals(2, document.getElementsByTagName("polyline").getLength());
    assertTrue(svg.contains(">0.1<") && svg.contains(">0.5<"), svg);
    assertTrue(svg.contains("&#160;one\n") && svg.contains("&#160;two\n"), svg);
  }

  private static Document parse(String xml)
      throws ParserConfigurationException, SAXException, IOException {
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
  }

  @Test
  void aSpreadHasADotForEachValue() throws ParserConfigurationException, SAXException, IOException {
    List<Spread.Dot> dots =
        List.of(new Spread.Dot(0, 0.91, "a & b"), new Spread.Dot(1, 0.86, "<c>"));
    Spread spread =
        new Spread(
            "SSIM",
            List.of(new Spread.Series("one", "red"), new Spread.Series("two", "blue")),
            List.of(new Spread.Group("acc4", dots), new Spread.Group("acc8", List.of())));
    NodeList circles = parse(spread.svg().markup()).getElementsByTagName("circle");
    assertEquals(2, circles.getLength());
    Element first = (Element) circles.item(0);
    Element second = (Element) circles.item(1);
    assertEquals("a & b", first.getTextContent());
    assertEquals("<c>", second.getTextContent());
    // From 0.85 at 96 to 1 at 704.
    assertEquals(96 + 608 * 0.4, Double.parseDouble(first.getAttribute("cx")), 0.06);
    assertEquals(96 + 608 / 15.0, Double.parseDouble(second.getAttribute("cx")), 0.06);
  }

  @Test
  void ticksAreRoundAndWithinTheAxis() {
    Axis axis = new Axis(0.85, 1, 0, 100);
    assertArrayEquals(new double[] {0.85, 0.9, 0.95, 1}, axis.ticks().toArray(), 1e-12);
    assertEquals("0.95", axis.label(0.95));
    assertArrayEquals(new double[] {0, 2, 4, 6}, new Axis(0, 7, 0, 1).ticks().toArray(), 1e-12);
  }

  @Test
  void reducedToMeans() {
    float[] values = {1, 2, 3, 3, 4, 5, 6, 6, 9};
    Pixels small = new Pixels(3, values).reduced(2);
    assertEquals(2, small.side());
    assertArrayEquals(new float[] {2.5f, 4, 6, 9}, small.values());
    assertArrayEquals(values, new Pixels(3, values).reduced(3).values());
  }

  /** An empty slice is black and so is its difference from itself. */
  @Test
  void anEmptyTargetHasAWindow() throws IOException {
    Pixels empty = new Pixels(1, new float[1]);
    Window window = Window.of(empty);
    assertEquals(0, color(window.image(new Picture(1, 1, 1), 0, 0, 1, empty), 0, 0));
    assertEquals(0, color(window.difference(new Picture(1, 1, 1), 0, 0, 1, empty), 0, 0));
  }

  @Test
  void aChartOfNothingHasAxes() {
    assertTrue(new Chart("x", "y", List.of()).svg().markup().contains("<line"));
  }
}
