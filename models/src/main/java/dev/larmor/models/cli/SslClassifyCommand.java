package dev.larmor.models.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor ssl classify}: fine-tuning for classification. */
@Command(
    name = "classify",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Tell classes of whole volumes apart, by a pre-trained encoder or from scratch.",
      ""
    },
    subcommands = {SslClassifyTrainCommand.class, SslClassifyPredictCommand.class})
final class SslClassifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }
}
