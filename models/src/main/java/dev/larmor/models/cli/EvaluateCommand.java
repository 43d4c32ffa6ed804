package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.training.Evaluation;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Score;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor evaluate}. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Score reconstructions as the leaderboard does.",
      "",
      "SSIM inside the anatomy, the mean over all slices of each acceleration, and the mean of"
          + " those.",
      ""
    },
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ResultOptions results;

  @Option(
      names = "--result",
      paramLabel = "FILE",
      description = "The figures as JSON (default: score.json beside the reconstructions).")
  private Path result;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    Leaderboard board = results.match();
    List<Score.Volume> volumes = new ArrayList<>();
    try (Device opened = device.open();
        ProgressLine progress = console.progress("scoring", board.entries().size())) {
      Evaluation evaluation = new Evaluation(opened);
      for (Leaderboard.Entry entry : board.entries()) {
        volumes.add(new Score.Volume(entry, evaluation.volume(entry, slice -> {})));
        progress.at(volumes.size(), entry.name().toString());
      }
    }
    Score score = new Score(volumes);
    board.missing().forEach(name -> console.line("missing: " + name + " has no reconstruction"));
    board.extra().forEach(name -> console.line("extra: " + name + " has no target"));
    print(console, score);
    Path file = result != null ? result : results.reconstructions.resolve("score.json");
    Results.writeJson(file, figures(board, score));
    return 0;
  }

  private static void print(Console console, Score score) {
    console.line(String.format(Locale.ROOT, "%-6s %8s %8s %8s", "", "brain", "knee", "all"));
    for (int acceleration : score.accelerations()) {
      console.line(
          String.format(
              Locale.ROOT,
              "%-6s %8s %8s %8s",
              label(acceleration),
              cell(score.mean(acceleration, Anatomy.BRAIN)),
              cell(score.mean(acceleration, Anatomy.KNEE)),
              cell(score.mean(acceleration))));
    }
    console.line(String.format(Locale.ROOT, "score  %.4f", score.total()));
  }

  private static String label(int acceleration) {
    return acceleration == 0 ? "all" : "acc" + acceleration;
  }

  private static String cell(OptionalDouble mean) {
    return mean.isPresent() ? String.format(Locale.ROOT, "%.4f", mean.getAsDouble()) : "-";
  }

  private static Map<String, Object> figures(Leaderboard board, Score score) {
    Map<String, Object> accelerations = new LinkedHashMap<>();
    for (int acceleration : score.accelerations()) {
      Map<String, Object> means = new LinkedHashMap<>();
      means.put("ssim", score.mean(acceleration).orElseThrow());
      for (Anatomy anatomy : Anatomy.values()) {
        score
            .mean(acceleration, anatomy)
            .ifPresent(mean -> means.put(anatomy.name().toLowerCase(Locale.ROOT), mean));
      }
      accelerations.put(label(acceleration), means);
    }
    Map<String, Object> volumes = new LinkedHashMap<>();
    score.volumes().forEach(v -> volumes.put(v.entry().name().toString(), v.ssim()));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("score", score.total());
    figures.put("accelerations", accelerations);
    figures.put("missing", board.missing().stream().map(Path::toString).toList());
    figures.put("extra", board.extra().stream().map(Path::toString).toList());
    figures.put("slices", volumes);
    return figures;
  }
}
