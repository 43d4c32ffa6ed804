package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchReader;
import dev.larmor.models.checkpoint.PyTorchReader.Moments;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.TensorFile;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.varnet.ModelConfig;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A network's weights in a file of another program: a PyTorch checkpoint, as the original
 * implementations save them, or a safetensors file with their names.
 *
 * <p>What network it is follows from the names and shapes ({@link NetworkShape}). Names that stand
 * for shared parameters ({@link dev.larmor.models.varnet.ReconstructionModel#aliases}) may be there
 * or not, but must hold the same values. Floating-point types are converted to the network's.
 *
 * <p>The state of an Adam optimiser knows parameters by number alone, the position in {@code
 * model.parameters()}. That order is the state dict's own, with shared parameters where they are
 * first named: both walk a module's parts in the order they were made, and these networks have no
 * buffers. So the numbers are matched by the file itself, and every moment must have its
 * parameter's shape.
 */
public final class ForeignWeights implements AutoCloseable {
  private final Path file;
  private final TensorFile reader;
  private final Map<String, TensorSource> tensors;

  private ForeignWeights(Path file, TensorFile reader, Map<String, TensorSource> tensors) {
    this.file = file;
    this.reader = reader;
    this.tensors = tensors;
  }

  /**
   * Opens a file and reads its tensors' names and shapes.
   *
   * @throws DataException if it is neither PyTorch's nor a safetensors file, is damaged, or is a
   *     checkpoint of this program
   */
  @SuppressWarnings("MustBeClosedChecker") // closed with this object
  public static ForeignWeights open(Path file) {
    TensorFile reader = TensorFile.open(file);
    try {
      if (reader instanceof SafetensorsReader safetensors
          && ModelState.isOwn(safetensors.metadata())) {
        throw new DataException(file + ": is a checkpoint of this program already");
      }
      return new ForeignWeights(file, reader, reader.tensors());
    } catch (RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /**
   * The network that the names and shapes are of.
   *
   * @throws DataException if they are of none
   */
  public ModelConfig config() {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    try {
      return NetworkShape.of(shapes);
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": is of no network known here: " + e.getMessage(), e);
    }
  }

  /**
   * Checks, without its memory, that these are the weights of a network.
   *
   * @throws DataException naming the first tensor that is missing, left over, or of another shape
   */
  public void check(ModelConfig config) {
    try (Device device = Device.open("meta:cpu");
        Network network = Network.place(device, config, 0)) {
      check(network);
    }
  }

  /**
   * Copies the weights into a network.
   *
   * @throws DataException if they are of another network, or names of a shared parameter have
   *     different values
   */
  public void load(Network network) {
    check(network);
    Map<String, TensorSource> own = byParameter(network);
    for (Parameter parameter : network.model().parameters()) {
      own.get(parameter.name()).copyTo(parameter.value());
    }
    network
        .model()
        .aliases()
        .forEach((alias, name) -> {
          if (tensors.containsKey(alias) && !tensors.get(alias).same(own.get(name))) {
            throw new DataException(
                "%s: tensors '%s' and '%s' are one in this network, but differ"
                    .formatted(file, alias, own.get(name).name()));
          }
        });
  }

  private void check(Network network) {
    String architecture = network.config().architecture();
    Map<String, String> aliases = network.model().aliases();
    Map<String, TensorSource> own = byParameter(network);
    Map<String, Tensor> wanted = new LinkedHashMap<>();
    for (Parameter parameter : network.model().parameters()) {
      wanted.put(parameter.name(), parameter.value());
      if (!own.containsKey(parameter.name())) {
        throw new DataException(
            "%s: has no tensor '%s', which is %s in %s"
                .formatted(file, parameter.name(), parameter.spec(), architecture));
      }
    }
    tensors.forEach((name, source) -> {
      Tensor tensor = wanted.get(aliases.getOrDefault(name, name));
      if (tensor == null) {
        throw new DataException(
            "%s: has a tensor '%s' %s, which %s has not"
                .formatted(file, name, source, architecture));
      }
      if (!fits(source, tensor)) {
        throw new DataException(
            "%s: tensor '%s' is %s, in %s it is %s"
                .formatted(file, name, source, architecture, tensor.spec()));
      }
    });
  }

  /** The tensors by the names of the network's own parameters. */
  private Map<String, TensorSource> byParameter(Network network) {
    Map<String, String> aliases = network.model().aliases();
    Map<String, TensorSource> own = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> own.putIfAbsent(aliases.getOrDefault(name, name), tensor));
    return own;
  }

  /**
   * Copies the optimiser's state, if the file has Adam's for this network.
   *
   * @param network the network that {@code adam} is for, one of these weights
   * @return whether it has; if not, {@code adam} is as it was
   */
  public boolean load(Network network, Adam adam) {
    if (!(reader instanceof PyTorchReader checkpoint)) {
      return false;
    }
    List<String> order = List.copyOf(byParameter(network).keySet());
    Optional<Map<Integer, Moments>> found = checkpoint.adam(order.size());
    Map<String, Moments> moments = new LinkedHashMap<>();
    found.ifPresent(all -> all.forEach((number, m) -> moments.put(order.get(number), m)));
    Set<Long> steps = new LinkedHashSet<>();
    moments.values().forEach(m -> steps.add(m.step()));
    Map<String, Tensor> state = adam.state();
    if (steps.size() != 1 || moments.size() * 2 != state.size() || !fit(moments, state)) {
      return false;
    }
    moments.forEach((name, m) -> {
      m.first().copyTo(state.get(name + ".m"));
      m.second().copyTo(state.get(name + ".v"));
    });
    adam.steps(steps.iterator().next());
    return true;
  }

  private static boolean fit(Map<String, Moments> moments, Map<String, Tensor> state) {
    return moments.entrySet().stream()
        .allMatch(e ->
            fits(e.getValue().first(), state.get(e.getKey() + ".m"))
                && fits(e.getValue().second(), state.get(e.getKey() + ".v")));
  }

  private static boolean fits(TensorSource source, Tensor tensor) {
    return tensor != null && source.fits(tensor.spec());
  }

  @Override
  public void close() {
    reader.close();
  }
}
