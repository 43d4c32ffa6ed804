package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.picture.Picture;
import dev.larmor.models.picture.Pixels;
import dev.larmor.models.picture.Window;
import dev.larmor.models.training.Evaluation;
import dev.larmor.models.training.Evaluation.Comparison;
import dev.larmor.models.training.Leaderboard;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor visualize}. */
@Command(
    name = "visualize",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Draw reconstructions beside their targets.",
      "",
      "One PNG per slice: reconstruction | ground truth | difference (yellow: too dark, red: too"
          + " bright), the anatomy outlined.",
      ""
    },
    sortOptions = false)
final class VisualizeCommand implements Callable<Integer> {
  private static final int PANEL = 384;
  private static final int MARGIN = 8;
  private static final int BLACK = 0;
  private static final int WHITE = 0xFFFFFF;
  private static final int CYAN = 0x00C8C8;

  @Spec private CommandSpec spec;

  @Mixin private ResultOptions results;

  @Option(
      names = "--out",
      defaultValue = "pictures",
      paramLabel = "DIR",
      description = "Where the pictures go (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--file",
      paramLabel = "NAME",
      description = "Only this volume, such as acc4/brain_test1.h5 (default: all).")
  private Path file;

  @Option(
      names = "--slice",
      paramLabel = "N",
      description = "Only this slice, from 0 (default: all).")
  private Integer only;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    List<Leaderboard.Entry> entries =
        results.match().entries().stream()
            .filter(entry -> file == null || entry.name().equals(file))
            .toList();
    if (entries.isEmpty()) {
      throw new DataException(
          results.reconstructions + ": no " + file + " that has a target in " + results.data);
    }
    int[] pictures = {0};
    try (Device opened = device.open();
        ProgressLine progress = console.progress("drawing", entries.size())) {
      Evaluation evaluation = new Evaluation(opened);
      int done = 0;
      for (Leaderboard.Entry entry : entries) {
        evaluation.volume(
            entry,
            comparison -> {
              if (only == null || only == comparison.slice()) {
                picture(entry.name().toString(), comparison).save(target(entry, comparison));
                pictures[0]++;
              }
            });
        progress.at(++done, entry.name().toString());
      }
    }
    if (pictures[0] == 0) {
      throw new DataException("no volume has a slice " + only);
    }
    console.line(Larmor.count(pictures[0], "picture") + " in " + out);
    return 0;
  }

  private Path target(Leaderboard.Entry entry, Comparison comparison) {
    String stem = entry.name().toString().replaceFirst("\\.[^.]*$", "");
    return out.resolve(String.format(Locale.ROOT, "%s_%03d.png", stem, comparison.slice()));
  }

  /** Three panels under a title. */
  static Picture picture(String name, Comparison comparison) {
    int side = comparison.side();
    Pixels image = new Pixels(side, comparison.reconstruction());
    Pixels truth = new Pixels(side, comparison.target());
    Pixels region = new Pixels(side, comparison.region());
    int scale = Math.max(1, PANEL / side);
    int panel = side * scale;
    int captions = MARGIN + Picture.LETTER_HEIGHT;
    int top = captions + Picture.LETTER_HEIGHT + MARGIN;
    Window window = Window.of(truth);
    Picture picture = new Picture(4 * MARGIN + 3 * panel, top + panel + MARGIN, BLACK);
    String title =
        String.format(
            Locale.ROOT, "%s  slice %d  SSIM %.4f", name, comparison.slice(), comparison.ssim());
    picture.text(MARGIN, MARGIN, title, WHITE);
    String[] labels = {"reconstruction", "ground truth", "difference"};
    for (int p = 0; p < 3; p++) {
      int left = MARGIN + p * (panel + MARGIN);
      picture.text(left, captions, labels[p], WHITE);
      switch (p) {
        case 0 -> window.image(picture, left, top, scale, image);
        case 1 -> window.image(picture, left, top, scale, truth);
        default -> window.difference(picture, left, top, scale, image.minus(truth));
      }
      picture.outline(left, top, scale, region, CYAN);
    }
    return picture;
  }
}
