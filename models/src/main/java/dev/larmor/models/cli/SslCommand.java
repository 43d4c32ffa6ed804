package dev.larmor.models.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor ssl}: the commands of the pre-training. */
@Command(
    name = "ssl",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Pre-train a 3-D encoder on volumes without labels.",
      "",
      "Data sets are named DatasetXXX_Name and lie in the folders of the environment variables"
          + " nnssl_raw, nnssl_preprocessed and nnssl_results.",
      ""
    },
    subcommands = {
      SslIndexCommand.class,
      SslConvertOpenMindCommand.class,
      SslPlanCommand.class,
      SslPreprocessCommand.class,
      SslViewsCommand.class,
      SslPlanStepCommand.class,
      SslPretrainCommand.class,
      SslExportCommand.class,
      SslImportCommand.class,
      SslClassifyCommand.class,
      SslSegmentCommand.class
    })
final class SslCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }
}
