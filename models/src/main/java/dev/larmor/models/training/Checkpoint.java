package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.PyTorchWriter;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.SafetensorsWriter;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.varnet.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One safetensors file for the whole state of a run: parameters under their own names, the
 * optimiser's moments under {@code optimizer.}, the network's configuration, counters and settings
 * in the file's metadata. Files are replaced whole, so a run that is killed while saving still has
 * the one before.
 *
 * <p>Files of other programs that hold a network's weights under the same names can be loaded too;
 * they tell nothing of the configuration.
 */
public final class Checkpoint {
  private static final String OPTIMIZER = "optimizer.";
  private static final String OPTIMIZER_STEPS = "optimizer.steps";
  private static final String NETWORK = "network";
  private static final String FORMAT = "larmor.checkpoint.1";

  private Checkpoint() {}

  /**
   * Saves a network.
   *
   * @param optimizer its moments are saved too; null for weights alone
   * @param metadata counters and settings, for whoever resumes
   */
  public static void save(
      Path file, Network network, Adam optimizer, Map<String, String> metadata) {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put("format", FORMAT);
    all.put(NETWORK, NetworkDescription.write(network.config()));
    if (optimizer != null) {
      all.put(OPTIMIZER_STEPS, Long.toString(optimizer.steps()));
    }
    withSources(
        tensors(network, optimizer), sources -> SafetensorsWriter.write(file, all, sources));
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
    Map<String, Tensor> tensors = tensors(network, null);
    Map<String, String> aliases = network.model().aliases();
    withSources(
        tensors,
        sources -> {
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

  private static void withSources(
      Map<String, Tensor> tensors, Consumer<List<TensorSource>> writer) {
    long largest = tensors.values().stream().mapToLong(t -> t.spec().bytes()).max().orElse(0);
    try (Arena arena = Arena.ofConfined()) {
      // Each tensor is written before the next is asked for, so one buffer serves them all.
      MemorySegment host = arena.allocate(largest, 64);
      List<TensorSource> sources = new ArrayList<>();
      tensors.forEach((name, tensor) -> sources.add(source(name, tensor, host)));
      writer.accept(sources);
    }
  }

  private static Map<String, Tensor> tensors(Network network, Adam optimizer) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    network.model().parameters().forEach(p -> tensors.put(p.name(), p.value()));
    if (optimizer != null) {
      optimizer.state().forEach((name, moment) -> tensors.put(OPTIMIZER + name, moment));
    }
    return tensors;
  }

  private static TensorSource source(String name, Tensor tensor, MemorySegment host) {
    Supplier<MemorySegment> bytes =
        () -> {
          MemorySegment own = host.asSlice(0, tensor.spec().bytes());
          tensor.download(own);
          return own;
        };
    return new TensorSource(name, type(tensor.dtype()), shape(tensor), bytes);
  }

  /** The shape in the file: a complex tensor is F32 with one more axis of two. */
  private static long[] shape(Tensor tensor) {
    long[] shape = tensor.shape().dims();
    if (tensor.dtype() == DType.C64) {
      shape = Arrays.copyOf(shape, shape.length + 1);
      shape[shape.length - 1] = 2;
    }
    return shape;
  }

  private static ElementType type(DType dtype) {
    return switch (dtype) {
      case F32, C64 -> ElementType.F32;
      case F64 -> ElementType.F64;
      case BF16 -> ElementType.BF16;
      case F16 -> ElementType.F16;
      case I32 -> ElementType.I32;
      case U8 -> ElementType.U8;
    };
  }

  /**
   * The configuration of the network that was saved; empty if the file does not tell.
   *
   * @throws DataException if the file cannot be read or tells it in a way this version does not
   *     know
   */
  public static Optional<ModelConfig> config(Path file) {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      return config(file, reader);
    }
  }

  /** Whether this class wrote a file. */
  static boolean isOwn(SafetensorsReader reader) {
    return FORMAT.equals(reader.metadata().get("format"));
  }

  private static Optional<ModelConfig> config(Path file, SafetensorsReader reader) {
    String described = reader.metadata().get(NETWORK);
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
   * What a checkpoint tells beside its tensors.
   *
   * @throws DataException if the file cannot be read
   */
  static Map<String, String> metadata(Path file) {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      return Map.copyOf(reader.metadata());
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
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      Map<String, String> metadata = reader.metadata();
      config(file, reader)
          .flatMap(saved -> NetworkDescription.difference(saved, network.config()))
          .ifPresent(difference -> {
            throw new DataException(file + ": is a checkpoint of another network: " + difference);
          });
      if (optimizer != null && !metadata.containsKey(OPTIMIZER_STEPS)) {
        throw new DataException(file + ": holds weights alone, no optimiser state to resume from");
      }
      Map<String, Tensor> wanted = tensors(network, optimizer);
      checkNames(file, reader, wanted, network, optimizer != null);
      wanted.forEach((name, tensor) -> check(file, reader.entry(name), name, tensor));
      long steps = optimizer == null ? 0 : number(file, metadata, OPTIMIZER_STEPS);

      wanted.forEach((name, tensor) -> tensor.upload(reader.bytes(name)));
      if (optimizer != null) {
        optimizer.steps(steps);
      }
      return Map.copyOf(metadata);
    }
  }

  /** A whole number from a checkpoint's metadata. */
  static long number(Path file, Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new DataException(
          file + ": metadata '" + key + "' is " + value + ", expected a whole number", e);
    }
  }

  /** A number from a checkpoint's metadata. */
  static double real(Path file, Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException | NullPointerException e) {
      throw new DataException(
          file + ": metadata '" + key + "' is " + value + ", expected a number", e);
    }
  }

  private static void checkNames(
      Path file,
      SafetensorsReader reader,
      Map<String, Tensor> wanted,
      Network network,
      boolean withOptimizer) {
    TreeSet<String> missing = new TreeSet<>(wanted.keySet());
    missing.removeAll(reader.names());
    if (!missing.isEmpty()) {
      throw new DataException(
          file
              + ": is not a checkpoint of "
              + network.config().architecture()
              + ": no tensor '"
              + missing.first()
              + "'"
              + others(missing.size() - 1));
    }
    Map<String, String> aliases = network.model().aliases();
    TreeSet<String> extra = new TreeSet<>(reader.names());
    extra.removeAll(wanted.keySet());
    extra.removeAll(aliases.keySet());
    extra.removeIf(name -> !withOptimizer && name.startsWith(OPTIMIZER));
    if (!extra.isEmpty()) {
      throw new DataException(
          file
              + ": is not a checkpoint of "
              + network.config().architecture()
              + ", which has no tensor '"
              + extra.first()
              + "'"
              + others(extra.size() - 1));
    }
    aliases.forEach((alias, name) -> {
      if (reader.names().contains(alias) && reader.bytes(alias).mismatch(reader.bytes(name)) >= 0) {
        throw new DataException(
            file
                + ": tensors '"
                + alias
                + "' and '"
                + name
                + "' are one in this network, but differ");
      }
    });
  }

  private static String others(int count) {
    return count == 0 ? "" : " (and " + count + " more)";
  }

  private static void check(Path file, SafetensorsReader.Entry entry, String name, Tensor tensor) {
    long[] shape = shape(tensor);
    ElementType type = type(tensor.dtype());
    if (entry.type() != type || !Arrays.equals(entry.shape(), shape)) {
      throw new DataException(
          file
              + ": tensor '"
              + name
              + "' is "
              + entry.type()
              + Arrays.toString(entry.shape())
              + ", the network's is "
              + type
              + Arrays.toString(shape));
    }
  }
}
