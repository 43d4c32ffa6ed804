package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Phantom;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DemoCommandTest {
  @TempDir private Path folder;

  @Test
  void thePageShowsWhatWasDone() throws IOException {
    Path data = folder.resolve("data");
    Phantom.TINY.writeDataSet(data, 1, 1, 1);
    Phantom.TINY.writeVolume(data.resolve("leaderboard/acc4"), "brain_test1.h5", 7, 2, 4);
    Phantom.TINY.writeVolume(data.resolve("leaderboard/acc8"), "brain_test1.h5", 8, 1, 8);
    Path out = folder.resolve("out");
    String summary =
        Program.run("demo", "--data", data, "--out", out, "--epochs=2", "--device", DEVICE)
            .succeeded()
            .out();
    assertTrue(summary.contains("  acceleration 4  "), summary);
    assertTrue(summary.contains(out.resolve("index.html").toString()), summary);

    String page = Files.readString(out.resolve("index.html"));
    assertFalse(page.contains("{{"), "a place left empty");
    assertTrue(page.contains("<td>4</td>") && page.contains("<td>8</td>"), page);
    assertEquals(2, count(page, "<polyline"), "curves");
    assertEquals(3, count(page, "<section"), "slices");
    Matcher images = Pattern.compile("src=\"data:image/png;base64,([^\"]+)\"").matcher(page);
    int pictures = 0;
    while (images.find()) {
      byte[] png = Base64.getDecoder().decode(images.group(1));
      assertEquals(160, ImageIO.read(new ByteArrayInputStream(png)).getWidth());
      pictures++;
    }
    assertEquals(15, pictures);
    assertFalse(page.contains("http"), "the page needs nothing from elsewhere");

    // The figures are those of the commands that a user would call.
    Program.run(
            "evaluate",
            "--reconstructions",
            out.resolve("reconstructions"),
            "--data",
            data.resolve("leaderboard"),
            "--device",
            DEVICE)
        .succeeded();
    JsonNode score =
        new ObjectMapper().readTree(out.resolve("reconstructions/score.json").toFile());
    double ssim = score.get("accelerations").get("acc4").get("ssim").asDouble();
    assertTrue(page.contains("<b>%.3f</b>".formatted(ssim)), ssim + " is not on the page");
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }

  /** The real thing; minutes. */
  @Test
  @Tag("long")
  void theReconstructionBeatsZeroFilled() {
    String summary =
        Program.run("demo", "--data", "sample", "--out", folder, "--device", DEVICE)
            .succeeded()
            .out();
    Matcher gain = Pattern.compile("acceleration 4 .*\\(([-+0-9.]+)\\)").matcher(summary);
    assertTrue(gain.find(), summary);
    assertTrue(Double.parseDouble(gain.group(1)) >= 0.05, summary);
  }
}
