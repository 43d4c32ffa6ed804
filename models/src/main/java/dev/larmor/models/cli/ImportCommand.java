package dev.larmor.models.cli;

import dev.larmor.autograd.Adam;
import dev.larmor.engine.Device;
import dev.larmor.models.training.Checkpoint;
import dev.larmor.models.training.ForeignWeights;
import dev.larmor.models.training.Network;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code larmor import}. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Make a checkpoint of weights that another program saved.",
      "",
      "FILE is a PyTorch checkpoint of the original FI-VarNet or VarNet (.pt, torch.save of version"
          + " 1.6 or later) or a safetensors file with the same names. Nothing in it is run. The"
          + " network follows from names and shapes; model options overrule. --out is good for"
          + " reconstruct --checkpoint and train --initial-weights.",
      ""
    },
    sortOptions = false)
final class ImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "The weights.")
  private Path file;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The checkpoint to write, in the safetensors format.")
  private Path out;

  @Mixin private ModelOptions model;

  @Override
  public Integer call() {
    try (ForeignWeights weights = ForeignWeights.open(file)) {
      ModelConfig inferred = weights.config();
      ModelConfig config = Larmor.checked(spec, () -> model.config(inferred));
      weights.check(config);
      try (Device device = Device.open("cpu");
          Network network = Network.place(device, config, 0);
          Adam adam = new Adam(network.model().parameters(), Adam.Config.adam(0.9, 0.999))) {
        weights.load(network);
        boolean trained = weights.load(network, adam);
        Checkpoint.save(
            out,
            network,
            trained ? adam : null,
            Map.of("imported_from", file.getFileName().toString()));
        Larmor.console(spec)
            .line(
                String.format(
                    Locale.ROOT,
                    "%s: %s, %,d parameters, %s",
                    out,
                    config.architecture(),
                    network.model().parameterCount(),
                    trained
                        ? "and Adam's state after " + Larmor.count((int) adam.steps(), "step")
                        : "no optimiser state"));
        return 0;
      }
    }
  }
}
