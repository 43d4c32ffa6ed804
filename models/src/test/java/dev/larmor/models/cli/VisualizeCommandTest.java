package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Phantom;
import dev.larmor.models.cli.Program.Result;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Pictures and the page that shows them. */
final class VisualizeCommandTest {
  private static final List<String> PICTURES =
      List.of(
          "acc4/brain_test1_000.png",
          "acc4/brain_test1_001.png",
          "acc4/knee & 100%_000.png",
          "acc8/knee_test1_000.png");

  @TempDir private static Path shared;
  private static Path leaderboard;
  private static Path reconstructions;

  @TempDir private Path folder;

  @BeforeAll
  static void reconstruct() {
    leaderboard = shared.resolve("leaderboard");
    Path acc4 = leaderboard.resolve("acc4");
    Phantom.TINY.writeVolume(acc4, "brain_test1.h5", 1, 2, 4);
    Phantom.TINY.writeVolume(acc4, "knee & 100%.h5", 2, 1, 4);
    Phantom.TINY.writeVolume(leaderboard.resolve("acc8"), "knee_test1.h5", 3, 1, 8);
    reconstructions = shared.resolve("reconstructions");
    Program.run(
            "reconstruct",
            "--zero-filled",
            "--data",
            leaderboard,
            "--out",
            reconstructions,
            "--device",
            DEVICE)
        .succeeded();
  }

  private Result visualize(Object... more) {
    List<Object> command =
        new ArrayList<>(
            List.of(
                "visualize",
                "--reconstructions",
                reconstructions,
                "--data",
                leaderboard,
                "--out",
                folder,
                "--device",
                DEVICE));
    command.addAll(List.of(more));
    return Program.run(command.toArray());
  }

  private static List<String> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> folder.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  private static List<Element> elements(Element of, String name) {
    NodeList found = of.getElementsByTagName(name);
    return IntStream.range(0, found.getLength()).mapToObj(i -> (Element) found.item(i)).toList();
  }

  /** The page is XML, so that a strict parser says whether it is well-formed. */
  private Element page() throws IOException, ParserConfigurationException, SAXException {
    String page = Files.readString(folder.resolve("index.html"));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(page)))
        .getDocumentElement();
  }

  private static Element table(Element page, String id) {
    return elements(page, "table").stream()
        .filter(table -> table.getAttribute("id").equals(id))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void picturesAndThumbnails() throws IOException {
    String out = visualize().succeeded().out();
    assertEquals(
        "4 pictures in " + folder + "; now open " + folder.resolve("index.html"), out.strip());
    List<String> expected = new ArrayList<>(PICTURES);
    expected.add("index.html");
    PICTURES.forEach(picture -> expected.add("thumbnails/" + picture));
    assertEquals(expected, files(folder));
    for (String name : PICTURES) {
      BufferedImage image = ImageIO.read(folder.resolve(name).toFile());
      assertEquals(3 * 384 + 4 * 8, image.getWidth());
      assertNotEquals(0, image.getRGB(200, 250) & 0xFFFFFF);
      BufferedImage small = ImageIO.read(folder.resolve("thumbnails").resolve(name).toFile());
      assertEquals(2 * 96, small.getWidth());
      assertEquals(96, small.getHeight());
    }
  }

  @Test
  void aRowForEachSlice() throws IOException, ParserConfigurationException, SAXException {
    visualize().succeeded();
    Program.run(
            "evaluate",
            "--reconstructions",
            reconstructions,
            "--data",
            leaderboard,
            "--device",
            DEVICE)
        .succeeded();
    List<String> csv = Files.readAllLines(reconstructions.resolve("slices.csv"));
    Element table = table(page(), "slices");
    Element body = elements(table, "tbody").getFirst();
    List<Element> rows = elements(body, "tr");
    assertEquals(4, rows.size());
    for (int r = 0; r < rows.size(); r++) {
      Element row = rows.get(r);
      String[] fields = csv.get(r + 1).split(",", -1);
      List<Element> cells = elements(row, "td");
      assertEquals(fields[1] + "/" + fields[0], cells.get(1).getTextContent());
      assertEquals(fields[2], row.getAttribute("data-anatomy"));
      assertEquals(fields[1], row.getAttribute("data-acceleration"));
      assertEquals(fields[3], cells.get(3).getAttribute("data-key"));
      assertEquals(fields[4], cells.get(4).getAttribute("data-key"));
      // Reconstruction and zero-filled; there is no GRAPPA.
      assertEquals(11, cells.size());
      for (int c = 5; c < 11; c++) {
        double key = Double.parseDouble(cells.get(c).getAttribute("data-key"));
        assertEquals(Double.parseDouble(fields[c]), key, 0);
        String shown = cells.get(c).getTextContent();
        assertEquals(key, Double.parseDouble(shown), 0.006, shown);
      }
    }
  }

  @Test
  void everyLinkLeadsToAFile() throws IOException, ParserConfigurationException, SAXException {
    visualize().succeeded();
    Element page = page();
    List<Element> images = elements(page, "img");
    List<Element> links = elements(page, "a");
    assertEquals(PICTURES.size(), images.size());
    assertEquals(PICTURES.size(), links.size());
    for (int i = 0; i < images.size(); i++) {
      assertEquals("lazy", images.get(i).getAttribute("loading"));
      URI base = folder.toUri();
      assertEquals(
          folder.resolve("thumbnails").resolve(PICTURES.get(i)),
          Path.of(base.resolve(images.get(i).getAttribute("src"))));
      Path picture = Path.of(base.resolve(links.get(i).getAttribute("href")));
      assertEquals(folder.resolve(PICTURES.get(i)), picture);
      assertTrue(Files.exists(picture));
    }
    String text = Files.readString(folder.resolve("index.html"));
    assertFalse(text.contains("http"), "the page needs nothing from elsewhere");
    assertFalse(text.contains("{{"), "a place left empty");
  }

  /** Every column but the picture's sorts; the buttons and the cells below are of one order. */
  @Test
  void columnsSortByButtons() throws IOException, ParserConfigurationException, SAXException {
    visualize().succeeded();
    Element table = table(page(), "slices");
    List<Element> header = elements((Element) table.getElementsByTagName("tr").item(1), "th");
    List<String> names = new ArrayList<>();
    for (Element column : header.subList(1, header.size())) {
      assertEquals("none", column.getAttribute("aria-sort"));
      names.add(elements(column, "button").getFirst().getTextContent());
    }
    assertEquals(
        List.of(
            "file",
            "anatomy",
            "acceleration",
            "slice",
            "SSIM",
            "PSNR",
            "NMSE",
            "SSIM",
            "PSNR",
            "NMSE"),
        names);
    for (Element row : elements(elements(table, "tbody").getFirst(), "tr")) {
      List<Element> cells = elements(row, "td");
      assertEquals(header.size(), cells.size());
      for (int c = 1; c < cells.size(); c++) {
        String key = cells.get(c).getAttribute("data-key");
        boolean number = header.get(c).getAttribute("data-type").equals("number");
        assertEquals(number, key.matches("[-0-9.E]+"), names.get(c - 1) + ": " + key);
      }
    }
  }

  @Test
  void theScoreStandsAbove() throws IOException, ParserConfigurationException, SAXException {
    Path lost = folder.resolve("lost");
    Files.createDirectories(lost.resolve("acc4"));
    Files.copy(reconstructions.resolve("acc4/brain_test1.h5"), lost.resolve("acc4/brain_test1.h5"));
    Program.run(
            "visualize",
            "--reconstructions",
            lost,
            "--data",
            leaderboard,
            "--out",
            folder,
            "--device",
            DEVICE)
        .succeeded();
    Element page = page();
    List<Element> rows = elements(elements(table(page, "score"), "tbody").getFirst(), "tr");
    double ssim =
        elements(table(page, "slices"), "tr").stream()
            .skip(2)
            .map(row -> elements(row, "td").get(5).getAttribute("data-key"))
            .mapToDouble(Double::parseDouble)
            .average()
            .orElseThrow();
    List<String> score = elements(rows.get(1), "td").stream().map(Element::getTextContent).toList();
    assertEquals("score", score.get(1).strip());
    assertEquals(String.format(Locale.ROOT, "%.4f", ssim), score.get(2));
    assertEquals(
        List.of(
            "missing: acc4/knee & 100%.h5 has no reconstruction",
            "missing: acc8/knee_test1.h5 has no reconstruction"),
        elements(page, "li").stream().map(Element::getTextContent).toList());
    assertEquals(2, elements(page, "circle").size(), "one volume, reconstructed and zero-filled");
  }

  /** Less than everything makes no page: it would take the place of the whole one. */
  @Test
  void oneVolumeOrSlice() throws IOException {
    assertEquals(
        "1 picture in " + folder,
        visualize("--file=acc4/brain_test1.h5", "--slice=1").succeeded().out().strip());
    assertEquals(List.of("acc4/brain_test1_001.png"), files(folder));
    visualize("--file=acc8/knee_test1.h5", "--slice=1").refused(2, "no volume has a slice 1");
    visualize("--file=acc2/x.h5")
        .refused(2, reconstructions + ": no acc2/x.h5 that has a target in " + leaderboard);
  }
}
