package dev.larmor.models.cli;

import dev.larmor.engine.Collective;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How processes that mpirun or srun started share a command's work. */
final class RankOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--ranks",
      paramLabel = "N",
      description =
          "Processes that must have been started together; else the command refuses (default: as"
              + " many as mpirun or srun started).")
  private Integer expected;

  @Option(
      names = "--rank-timeout",
      defaultValue = "600",
      paramLabel = "SECONDS",
      description =
          "How long ranks wait for each other before the job is given up (default:"
              + " ${DEFAULT-VALUE}).")
  private int timeout;

  @Option(
      names = "--status",
      paramLabel = "FILE",
      description =
          "Write what the run's status.json says here too, from the beginning to the end of the"
              + " command: for job scripts, since not every launcher passes exit codes on.")
  private Path status;

  /** Whether a command has these options. */
  static boolean areOf(CommandSpec command) {
    return command.mixins().values().stream().anyMatch(m -> m.userObject() instanceof RankOptions);
  }

  /** Meets the other ranks. */
  Collective join() {
    Job job = Larmor.job(command);
    if (expected != null && expected != job.size()) {
      throw new ParameterException(
          command.commandLine(),
          "--ranks %d, but %s"
              .formatted(
                  expected,
                  job.size() == 1
                      ? "this process was started alone: start it with mpirun or srun"
                      : job.launcher() + " started " + job.size()));
    }
    if (timeout < 1) {
      throw new ParameterException(
          command.commandLine(), "--rank-timeout must be at least 1 second, not " + timeout);
    }
    return job.join(Duration.ofSeconds(timeout), Optional.ofNullable(status));
  }
}
