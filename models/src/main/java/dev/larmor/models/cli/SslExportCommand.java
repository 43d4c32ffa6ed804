package dev.larmor.models.cli;

import dev.larmor.models.ssl.adapt.CheckpointExport;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor ssl export}. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Write a checkpoint of the pre-training as nnSSL does.",
      "",
      "The .pth file opens with torch.load(weights_only=True). nnU-Net's fork and the classification"
          + " framework start from it, and nnSSL goes on with it: it holds the weights under both of"
          + " their names, Adam's state, the adaptation plan, and the training's course from the"
          + " tables beside the checkpoint.",
      ""
    },
    sortOptions = false)
final class SslExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT", description = "The checkpoint, a .safetensors file.")
  private Path checkpoint;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The file to write, ending in .pth or .pt.")
  private Path out;

  @Option(
      names = "--adaptation-plan",
      paramLabel = "FILE",
      description = "An adaptation_plan.json, instead of the checkpoint's own.")
  private Path plan;

  @Override
  public Integer call() {
    String name = out.getFileName().toString().toLowerCase(Locale.ROOT);
    if (!name.endsWith(".pth") && !name.endsWith(".pt")) {
      throw new ParameterException(spec.commandLine(), "--out must end in .pth or .pt: " + out);
    }
    CheckpointExport.Result result =
        CheckpointExport.run(checkpoint, Optional.ofNullable(plan), out);
    Console console = Larmor.console(spec);
    console.line(
        String.format(
            Locale.ROOT,
            "%s: %,d parameters under %d names, %s",
            out,
            result.parameters(),
            result.names(),
            SslImportCommand.optimizer(result.steps())));
    result.missing().forEach(clause -> console.line("left out: " + clause));
    return 0;
  }
}
