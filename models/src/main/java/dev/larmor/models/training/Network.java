package dev.larmor.models.training;

import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.ReconstructionModel;

/**
 * A network on a device, with the configuration it was built from. Closing it frees the parameters.
 */
public record Network(Device device, ModelConfig config, ReconstructionModel model)
    implements AutoCloseable {
  /** Builds a network on {@code device} with the random weights of {@code seed}. */
  public static Network place(Device device, ModelConfig config, long seed) {
    ReconstructionModel model = config.build();
    try {
      model.place(device, Philox.of(seed, "init"));
      return new Network(device, config, model);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  @Override
  public void close() {
    model.close();
  }
}
