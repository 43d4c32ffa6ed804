package dev.larmor.models.ssl.adapt.segmentation.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Planted;
import dev.larmor.models.ssl.adapt.segmentation.score.CaseScore.ClassScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Figures of segmentations against their definitions. */
final class ScoreTest {
  private static final Labels LABELS = new Labels(List.of("background", "a", "b<c"));

  @TempDir private Path folder;

  @Test
  void dice() {
    byte[] truth = {0, 1, 1, -1, 2, 0};
    byte[] found = {0, 1, 0, 0, 1, 0};
    assertArrayEquals(new double[] {0.5, 0, Double.NaN}, Overlap.dice(truth, found, 4));
  }

  /** The transform against all pairs of voxels. */
  @Test
  void distancesAreThoseToTheNearest() {
    int[] shape = {5, 7, 6};
    double[] spacing = {2.5, 1, 0.7};
    boolean[] points = new boolean[5 * 7 * 6];
    for (int i = 0; i < points.length; i++) {
      points[i] = Philox.of(8, "points").uniform(i) < 0.03;
    }
    double[] squares = new SurfaceDistance(shape, spacing).squaredDistances(points);
    for (int i = 0; i < points.length; i++) {
      double least = Double.POSITIVE_INFINITY;
      for (int j = 0; j < points.length; j++) {
        double d0 = 2.5 * (i / 42 - j / 42);
        double d1 = i / 6 % 7 - j / 6 % 7;
        double d2 = 0.7 * (i % 6 - j % 6);
        least = points[j] ? Math.min(least, d0 * d0 + d1 * d1 + d2 * d2) : least;
      }
      assertEquals(least, squares[i], 1e-9);
    }
  }

  /** Two cubes, one moved by two voxels of 1.5 mm. */
  @Test
  void surfacesApart() {
    int[] shape = {12, 12, 12};
    boolean[] cube = new boolean[12 * 12 * 12];
    boolean[] moved = new boolean[cube.length];
    for (int i = 0; i < cube.length; i++) {
      int i0 = i / 144;
      boolean column = i / 12 % 12 >= 3 && i / 12 % 12 < 9 && i % 12 >= 3 && i % 12 < 9;
      cube[i] = column && i0 >= 2 && i0 < 8;
      moved[i] = column && i0 >= 4 && i0 < 10;
    }
    SurfaceDistance distance = new SurfaceDistance(shape, new double[] {1.5, 1, 1});
    assertEquals(3, distance.percentile95(cube, moved), 1e-12);
    assertEquals(0, distance.percentile95(cube, cube));
    assertTrue(Double.isNaN(distance.percentile95(cube, new boolean[cube.length])));
  }

  private static Image3d image(float... labels) {
    return new Image3d(labels, 1, new int[] {1, 2, 4}, new double[] {2, 1.5, 1}, Planted.PLACE);
  }

  @Test
  void meansAndFiles() throws IOException {
    Image3d truth = image(0, 1, 1, 0, 0, 2, 2, 0);
    Image3d half = image(0, 1, 0, 0, 0, 2, 2, 0);
    Image3d none = image(0, 0, 1, 0, 0, 0, 0, 0);
    CaseScore first = CaseScore.of("x", Path.of("x.nii.gz"), truth, half, LABELS);
    CaseScore second =
        CaseScore.of("y", Path.of("y.nii.gz"), image(0, 0, 1, 0, 0, 0, 0, 0), none, LABELS);
    assertEquals(2.0 / 3, first.classes().get(0).dice(), 1e-12);
    assertEquals(new ClassScore(1, 0), first.classes().get(1));
    assertEquals(new ClassScore(1, 0), second.classes().get(0));
    assertTrue(Double.isNaN(second.classes().get(1).dice()), "neither there nor found");
    Score score = new Score(LABELS, List.of(first, second));
    assertEquals(5.0 / 6, score.mean(1, ClassScore::dice), 1e-12);
    assertEquals(1, score.mean(2, ClassScore::dice));
    assertEquals(11.0 / 12, score.mean(ClassScore::dice), 1e-12);

    score.write(folder);
    JsonNode json =
        new ObjectMapper()
            .readTree(Files.readString(folder.resolve("summary.json")).replace("NaN", "null"));
    assertEquals(11.0 / 12, json.get("foreground_mean").get("Dice").asDouble(), 1e-12);
    assertEquals(5.0 / 6, json.get("mean").get("1").get("Dice").asDouble(), 1e-12);
    assertEquals(2, json.get("metric_per_case").size());
    List<String> table = Files.readAllLines(folder.resolve("cases.csv"));
    assertEquals("case,label,Dice,HD95", table.getFirst());
    assertEquals("x,b<c,1.0,0.0", table.get(2));
    assertEquals(5, table.size());

    String page =
        new ScorePage(
                "a & b",
                List.of("one"),
                score,
                one -> one.name().equals("x") ? Optional.of("pictures/x.png") : Optional.empty())
            .html();
    assertTrue(page.contains("a &amp; b") && page.contains("b&lt;c"));
    assertTrue(page.contains("src=\"pictures/x.png\""));
    assertFalse(page.contains("y.png"));
    assertTrue(page.contains("0.9167"), "the mean");
  }

  @Test
  void picturesShowTheLargestSlice() throws IOException {
    CasePictures pictures = new CasePictures(folder, LABELS);
    pictures.save(
        "x",
        image(1, 2, 3, 4, 5, 6, 7, 8),
        image(0, 1, 1, 0, 0, 2, 2, 0),
        image(0, 0, 0, 0, 0, 0, 0, 0));
    var png = javax.imageio.ImageIO.read(pictures.file("x").toFile());
    boolean[] reddish = new boolean[3];
    boolean[] greenish = new boolean[3];
    for (int y = 0; y < png.getHeight(); y++) {
      for (int x = 0; x < png.getWidth(); x++) {
        int red = png.getRGB(x, y) >> 16 & 0xFF;
        int green = png.getRGB(x, y) >> 8 & 0xFF;
        reddish[3 * x / png.getWidth()] |= red > green + 40;
        greenish[3 * x / png.getWidth()] |= green > red + 40;
      }
    }
    // Both labels of the truth; nothing on the image, and nothing was found.
    boolean[] middle = {false, true, false};
    assertArrayEquals(middle, reddish);
    assertArrayEquals(middle, greenish);
  }
}
