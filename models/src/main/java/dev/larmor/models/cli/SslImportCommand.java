package dev.larmor.models.cli;

import dev.larmor.models.ssl.adapt.CheckpointImport;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl import}. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Make a checkpoint of one that nnSSL or a program built on it saved.",
      "",
      "FILE is a PyTorch file (torch.save of version 1.6 or later) or a safetensors file that holds"
          + " a residual encoder: nnSSL's SimCLR checkpoints, encoders alone, U-Nets of nnU-Net."
          + " Nothing in it is run. The encoder, a SimCLR head and Adam's state are taken over; what"
          + " is left out is told.",
      ""
    },
    sortOptions = false)
final class SslImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The weights.")
  private Path file;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The checkpoint to write, ending in .safetensors.")
  private Path out;

  @Override
  public Integer call() {
    if (!out.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(".safetensors")) {
      throw new ParameterException(spec.commandLine(), "--out must end in .safetensors: " + out);
    }
    CheckpointImport.Result result = CheckpointImport.run(file, out);
    Console console = Larmor.console(spec);
    console.line(
        String.format(
            Locale.ROOT,
            "%s: encoder %s, %,d parameters, %s",
            out,
            result.head() ? "and head" : "alone",
            result.parameters(),
            optimizer(result.steps())));
    result.leftOut().forEach(clause -> console.line("left out: " + clause));
    return 0;
  }

  /** What is told of an optimiser's state. */
  static String optimizer(long steps) {
    return steps == 0
        ? "no optimiser state"
        : "Adam's state after " + Larmor.count(Math.toIntExact(steps), "step");
  }
}
