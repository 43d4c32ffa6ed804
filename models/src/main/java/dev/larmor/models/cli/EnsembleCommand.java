package dev.larmor.models.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor ensemble}. */
@Command(
    name = "ensemble",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Choose the members of ensembles and their weights.",
    subcommands = EnsembleSearchCommand.class)
final class EnsembleCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command, expected search");
  }
}
