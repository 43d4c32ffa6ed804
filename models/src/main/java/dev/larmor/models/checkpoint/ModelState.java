package dev.larmor.models.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Optimizer;
import dev.larmor.engine.Collective;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The state of a model in training, and its safetensors file: parameters under their own names, the
 * optimiser's tensors under {@code optimizer.}, counters and settings in the file's metadata. Files
 * are replaced whole, so a run that is killed while saving still has the one before.
 *
 * @param architecture what messages call the model
 * @param aliases further names of parameters in files of other programs, each to the parameter's
 * @param optimizer null for weights alone
 */
public record ModelState(
    String architecture, Module module, Map<String, String> aliases, Optimizer optimizer) {
  static final String OPTIMIZER = "optimizer.";
  static final String OPTIMIZER_STEPS = "optimizer.steps";
  static final String FORMAT_KEY = "format";
  static final String FORMAT = "larmor.checkpoint.1";

  /** The state of a model whose parameters have one name each. */
  public ModelState(String architecture, Module module, Optimizer optimizer) {
    this(architecture, module, Map.of(), optimizer);
  }

  /** The same model with an optimiser's state. */
  public ModelState with(Optimizer other) {
    return new ModelState(architecture, module, aliases, other);
  }

  /** Whether a file with this metadata was written by {@link #save}. */
  public static boolean isOwn(Map<String, String> metadata) {
    return FORMAT.equals(metadata.get(FORMAT_KEY));
  }

  /**
   * What a file tells beside its tensors.
   *
   * @throws DataException if the file cannot be read
   */
  public static Map<String, String> metadata(Path file) {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      return Map.copyOf(reader.metadata());
    }
  }

  /**
   * Saves everything.
   *
   * @param metadata counters and settings, for whoever resumes
   */
  public void save(Path file, Map<String, String> metadata) {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    all.put(FORMAT_KEY, FORMAT);
    if (optimizer != null) {
      all.put(OPTIMIZER_STEPS, Long.toString(optimizer.steps()));
    }
    write(sources -> SafetensorsWriter.write(file, all, sources));
  }

  /** Gives all tensors to a writer, which asks for the bytes of one at a time. */
  public void write(Consumer<List<TensorSource>> writer) {
    Map<String, Tensor> tensors = tensors();
    long largest = tensors.values().stream().mapToLong(t -> t.spec().bytes()).max().orElse(0);
    try (Arena arena = Arena.ofConfined()) {
      // Each tensor is written before the next is asked for, so one buffer serves them all.
      MemorySegment host = arena.allocate(largest, 64);
      List<TensorSource> sources = new ArrayList<>();
      tensors.forEach((name, tensor) -> sources.add(source(name, tensor, host)));
      writer.accept(sources);
    }
  }

  private Map<String, Tensor> tensors() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    module.parameters().forEach(p -> tensors.put(p.name(), p.value()));
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
   * Loads everything. The file may hold an optimiser's state that is not asked for, and may be one
   * of another program that names the parameters alike.
   *
   * @param check is given the file's metadata first, to refuse it
   * @return the metadata
   * @throws DataException if anything is missing, left over or of another shape; parameters and
   *     optimiser are then as they were
   */
  public Map<String, String> load(Path file, Consumer<Map<String, String>> check) {
    try (SafetensorsReader reader = SafetensorsReader.open(file)) {
      Map<String, String> metadata = reader.metadata();
      check.accept(metadata);
      if (optimizer != null && !metadata.containsKey(OPTIMIZER_STEPS)) {
        throw new DataException(file + ": holds weights alone, no optimiser state to resume from");
      }
      Map<String, Tensor> wanted = tensors();
      checkNames(file, reader, wanted);
      wanted.forEach((name, tensor) -> check(file, reader.entry(name), name, tensor));
      long steps = optimizer == null ? 0 : number(file, metadata, OPTIMIZER_STEPS);

      wanted.forEach((name, tensor) -> tensor.upload(reader.bytes(name)));
      if (optimizer != null) {
        optimizer.steps(steps);
      }
      return Map.copyOf(metadata);
    }
  }

  /**
   * Gives rank 0's state to all ranks.
   *
   * @param metadata what rank 0 read of a file, or nothing
   * @return rank 0's metadata
   */
  public Map<String, String> share(Collective ranks, Map<String, String> metadata) {
    Map<String, String> all = new LinkedHashMap<>(metadata);
    if (optimizer != null) {
      all.put(OPTIMIZER_STEPS, Long.toString(optimizer.steps()));
    }
    Map<String, String> shared = text(ranks.broadcast(bytes(all)));
    ranks.broadcast(List.copyOf(tensors().values()));
    if (optimizer != null) {
      optimizer.steps(Long.parseLong(shared.get(OPTIMIZER_STEPS)));
    }
    return shared;
  }

  private static byte[] bytes(Map<String, String> text) {
    try {
      return new ObjectMapper().writeValueAsBytes(text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> text(byte[] bytes) {
    try {
      return new ObjectMapper().readValue(bytes, new TypeReference<>() {});
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Checks that all ranks work on one run.
   *
   * @param identity what must be the same on all of them
   * @throws DataException naming the first that is not what rank 0 has
   */
  public static void checkShared(Collective ranks, Map<String, String> identity) {
    text(ranks.broadcast(bytes(identity)))
        .forEach((key, there) -> {
          if (!there.equals(identity.get(key))) {
            throw new DataException(
                "rank %d does not see the run that rank 0 sees: %s is %s here, %s there"
                    .formatted(ranks.rank(), key, identity.get(key), there));
          }
        });
  }

  /** A whole number from a file's metadata. */
  public static long number(Path file, Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw new DataException(
          file + ": metadata '" + key + "' is " + value + ", expected a whole number", e);
    }
  }

  /** A number from a file's metadata. */
  public static double real(Path file, Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException | NullPointerException e) {
      throw new DataException(
          file + ": metadata '" + key + "' is " + value + ", expected a number", e);
    }
  }

  /**
   * Checks that a run may go on from a file.
   *
   * @param saved the file's metadata
   * @param wanted what must be the same for it to go on to the same bits
   * @throws DataException naming the first that is not
   */
  public static void checkSame(Path file, Map<String, String> saved, Map<String, String> wanted) {
    wanted.forEach((key, here) -> {
      String there = saved.get(key);
      if (!here.equals(there)) {
        throw new DataException(
            "%s: cannot go on to the same results with other settings or data: %s is %s there, %s here"
                .formatted(file, key, there, here));
      }
    });
  }

  private void checkNames(Path file, SafetensorsReader reader, Map<String, Tensor> wanted) {
    TreeSet<String> missing = new TreeSet<>(wanted.keySet());
    missing.removeAll(reader.names());
    if (!missing.isEmpty()) {
      throw new DataException(
          "%s: is not a checkpoint of %s: no tensor '%s'%s"
              .formatted(file, architecture, missing.first(), others(missing.size() - 1)));
    }
    TreeSet<String> extra = new TreeSet<>(reader.names());
    extra.removeAll(wanted.keySet());
    extra.removeAll(aliases.keySet());
    extra.removeIf(name -> optimizer == null && name.startsWith(OPTIMIZER));
    if (!extra.isEmpty()) {
      throw new DataException(
          "%s: is not a checkpoint of %s, which has no tensor '%s'%s"
              .formatted(file, architecture, extra.first(), others(extra.size() - 1)));
    }
    aliases.forEach((alias, name) -> {
      if (reader.names().contains(alias) && reader.bytes(alias).mismatch(reader.bytes(name)) >= 0) {
        throw new DataException(
            "%s: tensors '%s' and '%s' are one in this network, but differ"
                .formatted(file, alias, name));
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
          "%s: tensor '%s' is %s%s, the network's is %s%s"
              .formatted(
                  file,
                  name,
                  entry.type(),
                  Arrays.toString(entry.shape()),
                  type,
                  Arrays.toString(shape)));
    }
  }
}
