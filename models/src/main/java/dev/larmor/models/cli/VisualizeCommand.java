package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.training.Evaluation;
import dev.larmor.models.training.Evaluation.Comparison;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Score;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
      "And index.html, unless --file or --slice ask for less: the score and a table of all slices"
          + " to be sorted and filtered.",
      ""
    },
    sortOptions = false)
final class VisualizeCommand implements Callable<Integer> {
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
    Leaderboard board = results.match();
    List<Leaderboard.Entry> entries =
        board.entries().stream()
            .filter(entry -> file == null || entry.name().equals(file))
            .toList();
    if (entries.isEmpty()) {
      throw new DataException(
          results.reconstructions + ": no " + file + " that has a target in " + results.data);
    }
    boolean all = file == null && only == null;
    List<Score.Volume> volumes = new ArrayList<>();
    int pictures = 0;
    try (Device opened = device.open();
        ProgressLine progress = console.progress("drawing", entries.size())) {
      Evaluation evaluation = new Evaluation(opened);
      for (Leaderboard.Entry entry : entries) {
        List<Comparison> wanted = new ArrayList<>();
        volumes.add(
            evaluation.volume(
                entry,
                comparison -> {
                  if (only == null || only == comparison.slice()) {
                    wanted.add(comparison);
                  }
                }));
        wanted.parallelStream().forEach(comparison -> draw(entry, comparison, all));
        pictures += wanted.size();
        progress.at(volumes.size(), entry.name().toString());
      }
    }
    if (pictures == 0) {
      throw new DataException("no volume has a slice " + only);
    }
    String place = out.toString();
    if (all) {
      Path index = out.resolve("index.html");
      String title = "Reconstructions in " + results.reconstructions;
      Score score = new Score(volumes);
      AtomicFile.write(index, new ReportPage(title, score, ResultOptions.unmatched(board)).html());
      place += "; now open " + index.toAbsolutePath();
    }
    console.line(Larmor.count(pictures, "picture") + " in " + place);
    return 0;
  }

  private void draw(Leaderboard.Entry entry, Comparison comparison, boolean withThumbnail) {
    SlicePicture picture = SlicePicture.of(comparison);
    picture
        .whole(entry.name().toString())
        .save(out.resolve(ReportPage.picture(entry, comparison.slice())));
    if (withThumbnail) {
      picture.thumbnail().save(out.resolve(ReportPage.thumbnail(entry, comparison.slice())));
    }
  }
}
