package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.metric.Figure;
import dev.larmor.models.training.Evaluation;
import dev.larmor.models.training.Leaderboard;
import dev.larmor.models.training.Method;
import dev.larmor.models.training.Score;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
          + " those. Beside it PSNR and NMSE, over the pixels of the anatomy, and the same figures"
          + " of the baselines: zero-filled and, where the data set has it, GRAPPA.",
      "Every slice is a line of slices.csv, beside the result.",
      ""
    },
    sortOptions = false)
final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Mixin private ResultOptions results;

  @Option(
      names = "--result",
      paramLabel = "FILE",
      description = "The means as JSON (default: score.json beside the reconstructions).")
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
        volumes.add(evaluation.volume(entry, slice -> {}));
        progress.at(volumes.size(), entry.name().toString());
      }
    }
    Score score = new Score(volumes);
    ScoreTable table = new ScoreTable(score);
    ResultOptions.unmatched(board).forEach(console::line);
    table.text().forEach(console::line);
    table.remarks().forEach(console::line);
    Path file = result != null ? result : results.reconstructions.resolve("score.json");
    Results.writeJson(file, figures(board, score));
    AtomicFile.write(file.resolveSibling("slices.csv"), SliceRow.csv(score));
    return 0;
  }

  private static Map<String, Object> figures(Leaderboard board, Score score) {
    Map<String, Object> baselines = new LinkedHashMap<>();
    for (Method method : score.methods()) {
      if (method != Method.RECONSTRUCTION) {
        baselines.put(method.key(), figures(score, method));
      }
    }
    Map<String, Object> volumes = new LinkedHashMap<>();
    for (Score.Volume volume : score.volumes()) {
      volumes.put(
          volume.entry().name().toString(),
          volume.slices().stream().map(slice -> slice.get(Method.RECONSTRUCTION).ssim()).toList());
    }
    Map<String, Object> figures = figures(score, Method.RECONSTRUCTION);
    figures.put("baselines", baselines);
    figures.put("slices_without_anatomy", score.emptySlices());
    figures.put("missing", board.missing().stream().map(Path::toString).toList());
    figures.put("extra", board.extra().stream().map(Path::toString).toList());
    figures.put("slices", volumes);
    return figures;
  }

  private static Map<String, Object> figures(Score score, Method method) {
    Map<String, Object> accelerations = new LinkedHashMap<>();
    for (int acceleration : score.accelerations()) {
      Map<String, Object> means = new LinkedHashMap<>();
      for (Figure figure : Figure.values()) {
        put(means, figure.key(), score.mean(method, figure, acceleration));
      }
      for (Anatomy anatomy : score.anatomies(acceleration)) {
        put(means, anatomy.label(), score.mean(method, Figure.SSIM, acceleration, anatomy));
      }
      accelerations.put(ScoreTable.label(acceleration), means);
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    put(figures, "score", score.total(method));
    figures.put("accelerations", accelerations);
    return figures;
  }

  /** JSON has no infinity: a PSNR that is infinite is left out, as is what does not exist. */
  private static void put(Map<String, Object> figures, String key, OptionalDouble value) {
    if (value.isPresent() && Double.isFinite(value.getAsDouble())) {
      figures.put(key, value.getAsDouble());
    }
  }
}
