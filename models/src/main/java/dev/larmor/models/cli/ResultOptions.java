package dev.larmor.models.cli;

import dev.larmor.models.training.Leaderboard;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Reconstructions and the data set they are compared with. */
final class ResultOptions {
  @Option(
      names = "--reconstructions",
      required = true,
      paramLabel = "DIR",
      description = "What reconstruct wrote.")
  Path reconstructions;

  @Option(
      names = "--data",
      required = true,
      paramLabel = "DIR",
      description = "The data set with the targets.")
  Path data;

  Leaderboard match() {
    return Leaderboard.match(reconstructions, data);
  }

  /** A line for each file that has no partner. */
  static List<String> unmatched(Leaderboard board) {
    List<String> lines = new ArrayList<>();
    board.missing().forEach(name -> lines.add("missing: " + name + " has no reconstruction"));
    board.extra().forEach(name -> lines.add("extra: " + name + " has no target"));
    return lines;
  }
}
