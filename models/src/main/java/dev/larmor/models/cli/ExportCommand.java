package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.models.data.DataException;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.Network;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor export}. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Write a checkpoint's weights for other programs.",
      "",
      "The file holds a state dict under the original implementation's names, complete for"
          + " load_state_dict(strict=True): parameters that several modules share appear once for"
          + " each. A .pt file opens with torch.load(weights_only=True).",
      ""
    },
    sortOptions = false)
final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "CHECKPOINT", description = "The checkpoint.")
  private Path checkpoint;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The file to write: its ending, .pt or .safetensors, decides the format.")
  private Path out;

  @Override
  public Integer call() {
    Checkpoint.Format format = format();
    ModelConfig config =
        Checkpoint.config(checkpoint)
            .orElseThrow(() ->
                new DataException(
                    checkpoint
                        + ": does not tell its network; larmor import makes it one that"
                        + " does"));
    try (Device device = Device.open("cpu");
        Network network = Network.place(device, config, 0)) {
      Checkpoint.load(checkpoint, network, null);
      Checkpoint.export(out, network, format);
      Larmor.console(spec)
          .line(
              String.format(
                  Locale.ROOT,
                  "%s: %s, %,d parameters",
                  out,
                  config.architecture(),
                  network.model().parameterCount()));
      return 0;
    }
  }

  private Checkpoint.Format format() {
    String name = out.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".pt") || name.endsWith(".pth")) {
      return Checkpoint.Format.PYTORCH;
    }
    if (name.endsWith(".safetensors")) {
      return Checkpoint.Format.SAFETENSORS;
    }
    throw new ParameterException(
        spec.commandLine(), "--out must end in .pt or .safetensors: " + out);
  }
}
