package dev.larmor.models.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.data.DataException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * A checkpoint that PyTorch's {@code torch.save} wrote, version 1.6 (2020) or later: weights, and
 * the state of an Adam optimiser if there is one.
 *
 * <p>Such a file is a zip archive of {@code <name>/data.pkl}, a pickle that describes the tensors,
 * and {@code <name>/data/<key>}, the bytes of each storage; {@code <name>/byteorder} tells their
 * order. The pickle is read by {@link Unpickler}, which runs no code. Storages are read when a
 * tensor's bytes are asked for, one at a time.
 *
 * <p>Weights are looked for under {@code model}, {@code state_dict}, {@code model_state_dict} and
 * {@code network_weights}, then at the top level; {@code module.}, which DataParallel puts before
 * every name, is left out.
 */
public final class PyTorchReader implements TensorFile {
  /**
   * What Adam keeps of one parameter.
   *
   * @param step how many steps it has taken
   * @param first the gradients' running mean, of the parameter's shape
   * @param second their squares' running mean, likewise
   */
  public record Moments(long step, TensorSource first, TensorSource second) {}

  private static final int BLOCK = 1 << 20;
  private static final List<String> WEIGHTS =
      List.of("model", "state_dict", "model_state_dict", "network_weights");

  /** Where the state of an optimiser is looked for. */
  public static final List<String> OPTIMIZERS = List.of("optimizer", "optimizer_state");

  private static final String PARALLEL = "module.";

  private final Path path;
  private final ZipFile zip;
  private final long fileBytes;
  private final String prefix;
  private final Map<?, ?> content;
  private Arena arena;

  @SuppressWarnings("MustBeClosedChecker") // the reader owns the arena and closes it
  private PyTorchReader(Path path, ZipFile zip) throws IOException {
    this.path = path;
    this.zip = zip;
    this.fileBytes = Files.size(path);
    this.prefix = prefix();
    checkByteOrder();
    if (!(Unpickler.read(path, pickle(), this::storageBytes) instanceof LinkedHashMap<?, ?> map)) {
      throw bad("holds no dictionary of tensors");
    }
    this.content = map;
    this.arena = Arena.ofShared();
  }

  /** Whether a file begins as PyTorch's do, now or before version 1.6. */
  static boolean recognises(Path path) {
    byte[] start = start(path);
    return isZip(start) || isLegacy(start);
  }

  /**
   * Opens a file and reads what it tells of its tensors, not yet their bytes.
   *
   * @throws DataException if the file is missing, damaged, older than PyTorch 1.6, or refers to
   *     anything but tensors and plain containers
   */
  public static PyTorchReader open(Path path) {
    byte[] start = start(path);
    if (isLegacy(start)) {
      throw new DataException(
          path
              + ": is in PyTorch's format from before version 1.6; load it with a newer PyTorch and"
              + " torch.save it again");
    }
    if (!isZip(start)) {
      throw new DataException(path + ": not a PyTorch file");
    }
    ZipFile zip = null;
    try {
      zip = new ZipFile(path.toFile());
      return new PyTorchReader(path, zip);
    } catch (DataException e) {
      closeQuietly(zip);
      throw e;
    } catch (IOException | RuntimeException e) { // the JDK's reader of broken archives throws both
      closeQuietly(zip);
      throw new DataException(path + ": damaged zip archive: " + e.getMessage(), e);
    }
  }

  private static byte[] start(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new DataException(
          path + ": " + (Files.exists(path) ? "not a regular file" : "no such file"));
    }
    try (InputStream in = Files.newInputStream(path)) {
      return in.readNBytes(512);
    } catch (IOException e) {
      throw new DataException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static boolean isZip(byte[] start) {
    return start.length > 4 && start[0] == 'P' && start[1] == 'K' && start[2] == 3 && start[3] == 4;
  }

  /** A bare pickle of protocol 2, or – older still – a tar archive. */
  private static boolean isLegacy(byte[] start) {
    boolean pickle = start.length > 1 && start[0] == (byte) 0x80 && start[1] == 2;
    return pickle
        || start.length > 262
            && new String(start, 257, 5, StandardCharsets.ISO_8859_1).equals("ustar");
  }

  /** The folder of the archive's first entry, as PyTorch finds it. */
  private String prefix() {
    String first = zip.stream().findFirst().map(ZipEntry::getName).orElse("");
    String folder = first.substring(0, first.indexOf('/') + 1);
    if (folder.isEmpty() || zip.getEntry(folder + "data.pkl") == null) {
      throw bad("a zip archive, but not PyTorch's: it has no data.pkl");
    }
    return folder;
  }

  private void checkByteOrder() throws IOException {
    ZipEntry entry = zip.getEntry(prefix + "byteorder");
    if (entry == null) {
      return; // older writers, on little-endian machines
    }
    try (InputStream in = zip.getInputStream(entry)) {
      String order = new String(in.readNBytes(16), StandardCharsets.ISO_8859_1);
      if (!order.equals("little")) {
        throw bad("its byte order is not 'little': save it on another machine");
      }
    }
  }

  private byte[] pickle() throws IOException {
    ZipEntry entry = zip.getEntry(prefix + "data.pkl");
    try (InputStream in = zip.getInputStream(entry)) {
      byte[] pickle = in.readNBytes(PickleInput.MAX_BYTES + 1);
      if (pickle.length > PickleInput.MAX_BYTES) {
        throw bad("its data.pkl is larger than " + PickleInput.MAX_BYTES + " bytes");
      }
      CRC32 crc = new CRC32();
      crc.update(pickle);
      checkCrc(entry, crc);
      return pickle;
    }
  }

  /** The length of a storage, which the archive really has: so none can be larger than the file. */
  private long storageBytes(String key) {
    ZipEntry entry = zip.getEntry(prefix + "data/" + key);
    if (entry == null) {
      return -1;
    }
    if (entry.getMethod() != ZipEntry.STORED) {
      throw bad("its " + entry.getName() + " is compressed, which PyTorch never does");
    }
    return entry.getSize() > fileBytes ? -1 : entry.getSize();
  }

  /** PyTorch can be told to save time on checksums; it then writes 0. */
  private void checkCrc(ZipEntry entry, CRC32 crc) {
    if (entry.getCrc() != 0 && entry.getCrc() != crc.getValue()) {
      throw bad("damaged: the checksum of " + entry.getName() + " is wrong");
    }
  }

  /**
   * The weights by name, in the file's order, which is that of {@code model.parameters()}: both
   * walk a module's parts in the order they were made. Several names may share bytes.
   *
   * @throws DataException if there are none, or one is no tensor
   */
  @Override
  public Map<String, TensorSource> tensors() {
    Map<String, TensorSource> weights = new LinkedHashMap<>();
    Map<?, ?> found = stateDict();
    boolean parallel =
        found.keySet().stream().allMatch(n -> n instanceof String s && s.startsWith(PARALLEL));
    found.forEach((key, value) -> {
      if (!(key instanceof String name && value instanceof PyTorchTensor tensor)) {
        throw bad("its state dict has an entry '" + key + "' that is no tensor");
      }
      String own = parallel ? name.substring(PARALLEL.length()) : name;
      weights.put(own, source(own, tensor));
    });
    return weights;
  }

  private Map<?, ?> stateDict() {
    Optional<String> key = stateDictKey();
    if (key.isEmpty() && !hasTensor(content)) {
      throw bad("holds no weights at its top level or under " + String.join(", ", WEIGHTS));
    }
    return key.isEmpty() ? content : (Map<?, ?>) content.get(key.get());
  }

  private Optional<String> stateDictKey() {
    return WEIGHTS.stream()
        .filter(key -> content.get(key) instanceof LinkedHashMap<?, ?> map && hasTensor(map))
        .findFirst();
  }

  private static boolean hasTensor(Map<?, ?> map) {
    return map.values().stream().anyMatch(PyTorchTensor.class::isInstance);
  }

  /** What the file holds beside the weights, by key; nothing if they are at its top level. */
  public Set<String> others() {
    Set<String> others = new LinkedHashSet<>();
    stateDictKey()
        .ifPresent(weights ->
            content.forEach((key, value) -> {
              if (value != null && !weights.equals(key)) {
                others.add(String.valueOf(key));
              }
            }));
    return others;
  }

  /**
   * What stands under a key beside the weights, as JSON: numbers, text and containers of them.
   *
   * @return empty if there is nothing, or anything else
   */
  public Optional<JsonNode> json(String key) {
    return Optional.ofNullable(content.get(key)).flatMap(PickledJson::of);
  }

  /**
   * Adam's moments, if the file has under {@code optimizer} or {@code optimizer_state} what {@code
   * torch.optim.Adam.state_dict()} gives, by the parameters' numbers: their positions in {@code
   * model.parameters()}. Parameters that never had a gradient are missing.
   *
   * @param parameters how many parameters the model has; an optimiser of another number, or of
   *     another order, is none of this model
   */
  public Optional<Map<Integer, Moments>> adam(int parameters) {
    Optional<?> found =
        OPTIMIZERS.stream().filter(k -> content.get(k) != null).findFirst().map(content::get);
    if (!(found.orElse(null) instanceof LinkedHashMap<?, ?> optimizer
        && optimizer.get("state") instanceof LinkedHashMap<?, ?> state
        && optimizer.get("param_groups") instanceof ArrayList<?> groups
        && numbers(groups).equals(counted(parameters)))) {
      return Optional.empty();
    }
    Map<Integer, Moments> moments = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : state.entrySet()) {
      if (!(entry.getKey() instanceof Long number
          && number >= 0
          && number < parameters
          && entry.getValue() instanceof LinkedHashMap<?, ?> kept
          && kept.get("exp_avg") instanceof PyTorchTensor first
          && kept.get("exp_avg_sq") instanceof PyTorchTensor second)) {
        return Optional.empty();
      }
      long step = step(kept.get("step"));
      if (step < 1 || kept.containsKey("max_exp_avg_sq")) {
        return Optional.empty(); // no count, or AMSGrad
      }
      String name = "optimizer state " + number;
      moments.put(
          number.intValue(),
          new Moments(
              step, source(name + " exp_avg", first), source(name + " exp_avg_sq", second)));
    }
    return moments.isEmpty() ? Optional.empty() : Optional.of(moments);
  }

  /** The parameters' numbers in the order in which the groups list them. */
  private static List<Object> numbers(List<?> groups) {
    List<Object> numbers = new ArrayList<>();
    for (Object group : groups) {
      if (group instanceof LinkedHashMap<?, ?> map && map.get("params") instanceof ArrayList<?> p) {
        p.forEach(number -> numbers.add(number instanceof Long ? number : -1L));
      }
    }
    return numbers;
  }

  private static List<Object> counted(int parameters) {
    List<Object> numbers = new ArrayList<>();
    for (long i = 0; i < parameters; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  /** A count of steps: a number, or – since PyTorch 1.12 – a scalar tensor. */
  private long step(Object step) {
    if (step instanceof Long number) {
      return number;
    }
    if (step instanceof PyTorchTensor tensor && tensor.elements() == 1) {
      ByteBuffer value = bytes(tensor).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      return switch (tensor.type()) {
        case F32 -> (long) value.getFloat();
        case I64 -> value.getLong();
        default -> -1;
      };
    }
    return -1;
  }

  private TensorSource source(String name, PyTorchTensor tensor) {
    return new TensorSource(name, tensor.type(), tensor.shape(), () -> bytes(tensor));
  }

  /** A tensor's bytes, row-major; valid until the next one's are asked for. */
  @SuppressWarnings("MustBeClosedChecker") // closed by the next call or the reader
  private MemorySegment bytes(PyTorchTensor tensor) {
    arena.close();
    arena = Arena.ofShared();
    MemorySegment span = span(tensor);
    if (tensor.isContiguous()) {
      return span;
    }
    int size = tensor.type().bytes();
    MemorySegment dense = arena.allocate(tensor.type().bytes(tensor.shape()), 64);
    long[] index = new long[tensor.shape().length];
    long from = 0;
    for (long to = 0; to < tensor.elements(); to++) {
      MemorySegment.copy(span, from * size, dense, to * size, size);
      for (int axis = index.length - 1; axis >= 0; axis--) {
        from += tensor.strides()[axis];
        if (++index[axis] < tensor.shape()[axis]) {
          break;
        }
        from -= index[axis] * tensor.strides()[axis];
        index[axis] = 0;
      }
    }
    return dense;
  }

  /** The storage from the tensor's first element to its last. */
  private MemorySegment span(PyTorchTensor tensor) {
    int size = tensor.type().bytes();
    ZipEntry entry = zip.getEntry(prefix + "data/" + tensor.storage());
    MemorySegment span = arena.allocate(tensor.span() * size, 64);
    try (InputStream in = zip.getInputStream(entry)) {
      in.skipNBytes(tensor.offset() * size);
      CRC32 crc = new CRC32();
      byte[] block = new byte[(int) Math.min(BLOCK, span.byteSize())];
      for (long done = 0; done < span.byteSize(); ) {
        int count = in.readNBytes(block, 0, (int) Math.min(block.length, span.byteSize() - done));
        if (count == 0) {
          throw new EOFException("it ends within " + entry.getName());
        }
        crc.update(block, 0, count);
        MemorySegment.copy(MemorySegment.ofArray(block), 0, span, done, count);
        done += count;
      }
      if (span.byteSize() == entry.getSize()) {
        checkCrc(entry, crc);
      }
      return span;
    } catch (IOException e) {
      throw new DataException(path + ": damaged zip archive: " + e.getMessage(), e);
    }
  }

  private DataException bad(String what) {
    return new DataException(path + ": " + what);
  }

  private static void closeQuietly(ZipFile zip) {
    if (zip != null) {
      try {
        zip.close();
      } catch (IOException e) {
        // Nothing was written: a failed close loses nothing.
      }
    }
  }

  @Override
  public void close() {
    arena.close();
    closeQuietly(zip);
  }
}
