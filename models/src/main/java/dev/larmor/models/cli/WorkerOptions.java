package dev.larmor.models.cli;

import dev.larmor.models.ssl.preprocess.numerics.Workers;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** How many images are worked on at a time. */
final class WorkerOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"--workers", "-np"},
      paramLabel = "N",
      description =
          "Images worked on at a time (default: all processors, shared by the ranks of a host).")
  private Integer workers;

  Workers workers() {
    int share = Larmor.job(command).processors();
    return Larmor.checked(command, () -> new Workers(workers == null ? share : workers));
  }
}
