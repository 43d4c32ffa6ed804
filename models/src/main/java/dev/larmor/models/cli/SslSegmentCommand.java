package dev.larmor.models.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor ssl segment}. */
@Command(
    name = "segment",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Segment volumes by a pre-trained encoder, or from scratch.",
    subcommands = {
      SslSegmentTrainCommand.class,
      SslSegmentPredictCommand.class,
      SslSegmentEvaluateCommand.class
    })
final class SslSegmentCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }
}
