package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchWriter;
import dev.larmor.models.checkpoint.SafetensorsWriter;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The {@link ModelState} of a reconstruction network in a file that carries the network's
 * configuration too.
 *
 * <p>Files of other programs that hold a network's weights under the same names can be loaded; they
 * tell nothing of the configuration.
 */
public final class Checkpoint {
  private static final String NETWORK = "network";

  private Checkpoint() {}

  static ModelState state(Network network, Adam optimizer) {
    return new ModelState(
        network.config().architecture(), network.model(), network.model().aliases(), optimizer);
  }

  /**
   * Saves a network.
   *
   * @param optimizer its moments are saved too; null for weights alone
   * @param metadata counters and settings, for whoever resumes
   */
  public static void save(
      Path file, Network network, Adam optimizer, Map<String, String> metadata) {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(NETWORK, NetworkDescription.write(network.config()));
    state(network, optimizer).save(file, all);
  }

  /** The formats that other programs read. */
  public enum Format {
    /** {@code torch.save}'s; names of a shared parameter share its bytes. */
    PYTORCH,
    /** Every name has bytes of its own: the format knows no sharing. */
    SAFETENSORS
  }

  /**
   * Writes a network's weights for other programs: the state dict of the original implementation,
   * with all names of its shared parameters, as {@code load_state_dict(strict=True)} wants it.
   */
  public static void export(Path file, Network network, Format format) {
    Map<String, String> aliases = network.model().aliases();
    state(network, null)
        .write(sources -> {
          if (format == Format.PYTORCH) {
            PyTorchWriter.write(file, sources, aliases);
            return;
          }
          Map<String, TensorSource> all = new LinkedHashMap<>();
          sources.forEach(source -> all.put(source.name(), source));
          aliases.forEach((alias, name) -> all.put(alias, all.get(name).named(alias)));
          SafetensorsWriter.write(file, Map.of("format", "pt"), all.values());
        });
  }

  /**
   * The configuration of the network that was saved; empty if the file does not tell.
   *
   * @throws DataException if the file cannot be read or tells it in a way this version does not
   *     know
   */
  public static Optional<ModelConfig> config(Path file) {
    return config(file, ModelState.metadata(file));
  }

  private static Optional<ModelConfig> config(Path file, Map<String, String> metadata) {
    String described = metadata.get(NETWORK);
    if (described == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(NetworkDescription.read(described));
    } catch (IllegalArgumentException e) {
      throw new DataException(
          file + ": its network cannot be built by this version: " + e.getMessage(), e);
    }
  }

  /**
   * Loads a network's parameters, and the optimiser's moments if one is given.
   *
   * @param optimizer null to load the weights alone
   * @return the file's metadata
   * @throws DataException if the file is of another network, or anything is missing or of another
   *     shape; the network's parameters are then as they were
   */
  public static Map<String, String> load(Path file, Network network, Adam optimizer) {
    return state(network, optimizer)
        .load(
            file,
            metadata ->
                config(file, metadata)
                    .flatMap(saved -> NetworkDescription.difference(saved, network.config()))
                    .ifPresent(difference -> {
                      throw new DataException(
                          file + ": is a checkpoint of another network: " + difference);
                    }));
  }
}
