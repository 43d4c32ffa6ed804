package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Phantom;
import dev.larmor.models.cli.Program.Result;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scores of reconstructions and baselines. */
final class EvaluateCommandTest {
  private static final int SIDE = Phantom.TINY.size();
  private static final List<String> COLUMNS =
      List.of(
          "file",
          "part",
          "anatomy",
          "acceleration",
          "slice",
          "ssim",
          "psnr",
          "nmse",
          "zero_filled_ssim",
          "zero_filled_psnr",
          "zero_filled_nmse",
          "grappa_ssim",
          "grappa_psnr",
          "grappa_nmse");

  @TempDir private static Path shared;
  private static Path leaderboard;
  private static Path zeroFilled;

  @TempDir private Path folder;

  @BeforeAll
  static void reconstruct() {
    leaderboard = shared.resolve("leaderboard");
    Phantom.TINY.writeLeaderboard(leaderboard, 2);
    zeroFilled = shared.resolve("zero-filled");
    Program.run(
            "reconstruct",
            "--zero-filled",
            "--data",
            leaderboard,
            "--out",
            zeroFilled,
            "--device",
            DEVICE)
        .succeeded();
  }

  private Result evaluate(Path reconstructions, Path data) {
    return Program.run(
        "evaluate",
        "--reconstructions",
        reconstructions,
        "--data",
        data,
        "--result",
        folder.resolve("score.json"),
        "--device",
        DEVICE);
  }

  private JsonNode score() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("score.json").toFile());
  }

  /** The rows of slices.csv, the header checked and left out. */
  private List<List<String>> rows() throws IOException {
    List<List<String>> rows = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("slices.csv"))) {
      rows.add(List.of(line.split(",", -1)));
    }
    assertEquals(COLUMNS, rows.removeFirst());
    rows.forEach(row -> assertEquals(COLUMNS.size(), row.size(), row.toString()));
    return rows;
  }

  private static String cell(List<String> row, String column) {
    return row.get(COLUMNS.indexOf(column));
  }

  private static double number(List<String> row, String column) {
    return Double.parseDouble(cell(row, column));
  }

  private static float[] target(Path image, int slice) {
    try (Hdf5File file = Hdf5File.open(image)) {
      float[] pixels = new float[SIDE * SIDE];
      file.dataset("image_label").readSlice(slice, pixels);
      return pixels;
    }
  }

  private static float[] map(float[] pixels, DoubleUnaryOperator change) {
    float[] changed = new float[pixels.length];
    for (int i = 0; i < changed.length; i++) {
      changed[i] = (float) change.applyAsDouble(pixels[i]);
    }
    return changed;
  }

  private static void write(Path file, String key, float[]... slices) {
    try (Hdf5Writer writer = Hdf5Writer.replace(file)) {
      var sink = writer.dataset(key, Element.F32, slices.length, SIDE, SIDE);
      Arrays.stream(slices).forEach(sink::write);
      writer.commit();
    }
  }

  @Test
  void theScoreIsTheMeanOfTheAccelerationsMeans() throws IOException {
    String out = evaluate(zeroFilled, leaderboard).succeeded().out();
    JsonNode score = score();
    List<List<String>> rows = rows();
    assertEquals(8, rows.size());
    double total = 0;
    double[] means = new double[2];
    for (int a = 0; a < 2; a++) {
      String part = a == 0 ? "acc4" : "acc8";
      JsonNode figures = score.get("accelerations").get(part);
      for (String column : List.of("ssim", "psnr", "nmse")) {
        double mean =
            rows.stream()
                .filter(row -> cell(row, "part").equals(part))
                .mapToDouble(row -> number(row, column))
                .average()
                .orElseThrow();
        assertEquals(mean, figures.get(column).asDouble(), 1e-12 * Math.abs(mean), column);
      }
      for (String anatomy : List.of("brain", "knee")) {
        double mean = 0;
        for (JsonNode slice : score.get("slices").get(part + "/" + anatomy + "_test1.h5")) {
          mean += slice.asDouble() / 2;
        }
        assertEquals(mean, figures.get(anatomy).asDouble(), 1e-12);
        means[a] += mean / 2;
        assertTrue(out.contains("%-6s %s".formatted(part, anatomy)), out);
        assertTrue(out.contains("%15.4f%15.4f".formatted(mean, mean)), out);
      }
      assertEquals(means[a], figures.get("ssim").asDouble(), 1e-12);
      total += means[a] / 2;
    }
    assertEquals(total, score.get("score").asDouble(), 1e-12);
    assertTrue(out.contains("score         %15.4f".formatted(total)), out);
    assertTrue(means[0] > means[1], "four-fold is easier than eight-fold");
    assertEquals(0, score.get("slices_without_anatomy").asInt());
  }

  /** A volume of three slices weighs as much as three of one; an acceleration as any other. */
  @Test
  void slicesAndAccelerationsWeighTheSame() throws IOException {
    Path data = folder.resolve("data");
    Phantom.TINY.writeVolume(data.resolve("acc4"), "brain_test1.h5", 1, 3, 4);
    Phantom.TINY.writeVolume(data.resolve("acc4"), "knee_test1.h5", 2, 1, 4);
    Phantom.TINY.writeVolume(data.resolve("acc8"), "knee_test1.h5", 3, 1, 8);
    Path made = folder.resolve("made");
    Program.run("reconstruct", "--zero-filled", "--data", data, "--out", made, "--device", DEVICE)
        .succeeded();
    evaluate(made, data).succeeded();
    JsonNode acc4 = score().get("accelerations").get("acc4");
    double four = (3 * acc4.get("brain").asDouble() + acc4.get("knee").asDouble()) / 4;
    assertEquals(four, acc4.get("ssim").asDouble(), 1e-12);
    double eight = score().get("accelerations").get("acc8").get("ssim").asDouble();
    assertEquals((four + eight) / 2, score().get("score").asDouble(), 1e-12);
    assertTrue(Math.abs(four - eight) > 1e-3, "or it could be any other mean");
  }

  /** The phantom's files have no image_input: it is made of k-space and the file's mask. */
  @Test
  void theZeroFilledBaselineIsWhatReconstructMakes() throws IOException {
    String out = evaluate(zeroFilled, leaderboard).succeeded().out();
    for (List<String> row : rows()) {
      for (String figure : List.of("ssim", "psnr", "nmse")) {
        assertEquals(cell(row, figure), cell(row, "zero_filled_" + figure), row.toString());
        assertEquals("", cell(row, "grappa_" + figure), row.toString());
      }
    }
    JsonNode score = score();
    assertEquals(score.get("score"), score.get("baselines").get("zero_filled").get("score"));
    assertFalse(score.get("baselines").has("grappa"));
    assertFalse(out.contains("GRAPPA"), out);
  }

  @Test
  void baselinesOfTheImageFile() throws IOException {
    Path data = folder.resolve("data");
    Phantom.TINY.writeVolume(data, "brain_acc4_1.h5", 1, 2, 4);
    Phantom.TINY.writeVolume(data, "brain_acc4_2.h5", 2, 1, 4);
    Path image = data.resolve("image/brain_acc4_1.h5");
    float[][] targets = {target(image, 0), target(image, 1)};
    Files.delete(image);
    try (Hdf5Writer writer = Hdf5Writer.replace(image)) {
      String[] keys = {"image_label", "image_input", "image_grappa"};
      double[] factors = {1, 1.1, 1.01};
      for (int k = 0; k < 3; k++) {
        double factor = factors[k];
        var sink = writer.dataset(keys[k], Element.F32, 2, SIDE, SIDE);
        sink.write(map(targets[0], v -> factor * v));
        sink.write(map(targets[1], v -> factor * v));
      }
      writer.attribute("max", 1e-3);
      writer.commit();
    }
    Path made = folder.resolve("made");
    write(
        made.resolve("brain_acc4_1.h5"),
        "reconstruction",
        map(targets[0], v -> 0.8 * v),
        targets[1]);
    write(
        made.resolve("brain_acc4_2.h5"),
        "reconstruction",
        target(data.resolve("image/brain_acc4_2.h5"), 0));
    String out = evaluate(made, data).succeeded().out();
    List<List<String>> rows = rows();
    assertEquals(List.of("brain_acc4_1.h5", "", "brain", "4", "0"), rows.getFirst().subList(0, 5));
    assertEquals(0.04, number(rows.getFirst(), "nmse"), 1e-6);
    assertEquals(0.01, number(rows.getFirst(), "zero_filled_nmse"), 1e-6);
    assertEquals(0.0001, number(rows.getFirst(), "grappa_nmse"), 1e-7);
    assertEquals("inf", cell(rows.get(1), "psnr"));
    // The second volume has k-space alone.
    assertTrue(number(rows.get(2), "zero_filled_nmse") > 1e-3);
    assertEquals("", cell(rows.get(2), "grappa_nmse"));
    assertTrue(out.contains("GRAPPA: only 2 of 3 slices have such an image"), out);
    // JSON has no infinity.
    assertFalse(score().get("accelerations").get("acc4").has("psnr"));
    assertTrue(out.contains("%15s".formatted("inf")), out);
  }

  @Test
  void targetsAloneHaveNoBaseline() throws IOException {
    Path images = leaderboard.resolve("acc4/image");
    Path made = folder.resolve("made");
    write(
        made.resolve("brain_test1.h5"),
        "reconstruction",
        target(images.resolve("brain_test1.h5"), 0),
        target(images.resolve("brain_test1.h5"), 1));
    String out = evaluate(made, images).succeeded().out();
    assertTrue(out.contains("missing: knee_test1.h5 has no reconstruction"), out);
    assertTrue(out.contains("all    knee") || out.contains("all    brain"), out);
    assertFalse(out.contains("zero-filled"), out);
    assertEquals("", cell(rows().getFirst(), "acceleration"));
    assertEquals("", cell(rows().getFirst(), "zero_filled_ssim"));
  }

  /** The leaderboard counts such a slice; nothing becomes NaN unseen. */
  @Test
  void aSliceWithoutAnatomy() throws IOException {
    Path image = folder.resolve("data/brain_1.h5");
    float[] air = new float[SIDE * SIDE];
    float[] head = target(leaderboard.resolve("acc4/image/brain_test1.h5"), 0);
    try (Hdf5Writer writer = Hdf5Writer.replace(image)) {
      var sink = writer.dataset("image_label", Element.F32, 2, SIDE, SIDE);
      sink.write(air);
      sink.write(head);
      writer.attribute("max", 1e-3);
      writer.commit();
    }
    Path made = folder.resolve("made");
    write(
        made.resolve("brain_1.h5"), "reconstruction", map(air, v -> 1e-4), map(head, v -> 0.9 * v));
    String out = evaluate(made, image.getParent()).succeeded().out();
    assertTrue(
        out.contains(
            "1 slice without anatomy in the target: SSIM 1 as the formula gives, no PSNR, no NMSE"),
        out);
    assertFalse(out.contains("NaN"), out);
    List<List<String>> rows = rows();
    assertEquals(1, number(rows.getFirst(), "ssim"), 1e-6);
    assertEquals("", cell(rows.getFirst(), "psnr"));
    assertEquals("", cell(rows.getFirst(), "nmse"));
    JsonNode figures = score().get("accelerations").get("all");
    assertEquals(0.01, figures.get("nmse").asDouble(), 1e-6, "the mean of those that exist");
    assertEquals((1 + number(rows.get(1), "ssim")) / 2, figures.get("ssim").asDouble(), 1e-6);
    assertEquals(1, score().get("slices_without_anatomy").asInt());
  }

  @Test
  void missingAndExtraFiles() throws IOException {
    Path made = folder.resolve("made");
    Path target = leaderboard.resolve("acc4/image/brain_test1.h5");
    write(
        made.resolve("acc4/brain_test1.h5"),
        "reconstruction",
        target(target, 0),
        target(target, 1));
    write(made.resolve("acc4/a, b.h5"), "reconstruction", target(target, 0));
    String out = evaluate(made, leaderboard).succeeded().out();
    assertTrue(out.contains("missing: acc4/knee_test1.h5 has no reconstruction"), out);
    assertTrue(out.contains("missing: acc8/brain_test1.h5 has no reconstruction"), out);
    assertTrue(out.contains("extra: acc4/a, b.h5 has no target"), out);
    assertEquals(1, score().get("score").asDouble(), 1e-6);
    assertEquals(3, score().get("missing").size());
    assertEquals("acc4/a, b.h5", score().get("extra").get(0).asText());
  }

  @Test
  void namesInTheCsvAreQuotedWhereTheyMustBe() throws IOException {
    Path target = folder.resolve("data/brain, \"left\".h5");
    float[] head = target(leaderboard.resolve("acc4/image/brain_test1.h5"), 0);
    try (Hdf5Writer writer = Hdf5Writer.replace(target)) {
      writer.dataset("image_label", Element.F32, 1, SIDE, SIDE).write(head);
      writer.attribute("max", 1e-3);
      writer.commit();
    }
    Path made = folder.resolve("made");
    write(made.resolve(target.getFileName()), "reconstruction", head);
    evaluate(made, target.getParent()).succeeded();
    String line = Files.readAllLines(folder.resolve("slices.csv")).get(1);
    assertTrue(line.startsWith("\"brain, \"\"left\"\".h5\",,brain,,0,"), line);
  }

  @Test
  void aReconstructionOfAnotherShape() {
    Path file = folder.resolve("brain_test1.h5");
    write(file, "reconstruction", new float[SIDE * SIDE]);
    Path targets = leaderboard.resolve("acc4");
    evaluate(folder, targets)
        .refused(
            2,
            "%s: 'reconstruction' is F32[1, 16, 16], the target in %s is F32[2, 16, 16]"
                .formatted(file, targets.resolve("image/brain_test1.h5")));
  }

  @Test
  void aReconstructionThatIsNone() {
    Path file = folder.resolve("brain_test1.h5");
    write(file, "image", new float[SIDE * SIDE]);
    evaluate(folder, leaderboard.resolve("acc4"))
        .refused(2, file + ": no dataset 'reconstruction', the file has image");
  }

  @Test
  void aReconstructionThatHoldsNoNumber() {
    Path file = folder.resolve("brain_test1.h5");
    float[] bad = new float[SIDE * SIDE];
    bad[3 * SIDE + 5] = Float.NaN;
    write(file, "reconstruction", new float[SIDE * SIDE], bad);
    evaluate(folder, leaderboard.resolve("acc4"))
        .refused(
            2, file + ": 'reconstruction' F32[2, 16, 16] holds NaN at slice 1, row 3, column 5");
    assertFalse(Files.exists(folder.resolve("score.json")));
  }

  @Test
  void imagesTooSmallForTheWindow() {
    Path target = folder.resolve("data/brain_1.h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(target)) {
      writer.dataset("image_label", Element.F32, 1, 6, 6).write(new float[36]);
      writer.attribute("max", 1.0);
      writer.commit();
    }
    Path made = folder.resolve("made/brain_1.h5");
    try (Hdf5Writer writer = Hdf5Writer.replace(made)) {
      writer.dataset("reconstruction", Element.F32, 1, 6, 6).write(new float[36]);
      writer.commit();
    }
    evaluate(made.getParent(), target.getParent())
        .refused(
            2,
            target + ": 'image_label' is F32[1, 6, 6], SSIM needs images of at least 7 x 7 pixels");
  }
}
