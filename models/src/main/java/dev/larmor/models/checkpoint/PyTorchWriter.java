package dev.larmor.models.checkpoint;

import dev.larmor.models.io.AtomicFile;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes what PyTorch's {@code torch.save} does, so that {@code torch.load(file,
 * weights_only=True)} opens it: a state dict, or a checkpoint that holds one among other things.
 *
 * <p>The archive has {@code archive/data.pkl}, a pickle of protocol 2 of a dictionary, {@code
 * byteorder}, {@code version} and one stored – never compressed – entry of {@code data/} for each
 * storage, whose bytes begin at a multiple of 64 so that they can be mapped. There are no time
 * stamps: equal tensors make equal files. The dictionary is a plain one: libtorch's {@code
 * pickle_load} knows no OrderedDict. Version 2.10 opens such files ({@code bench/peer --mode
 * tensors}).
 */
public final class PyTorchWriter {
  private static final String FOLDER = "archive/";
  private static final int ALIGNMENT = 64;
  private static final int LOCAL_HEADER_BYTES = 30;

  /** The same for every entry; the years before would add a stamp in local time. */
  private static final LocalDateTime NO_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

  /** A tuple; lists are Python's lists. */
  public record Tuple(List<?> items) {}

  private PyTorchWriter() {}

  /**
   * Writes a state dict, or replaces a file as a whole: on any failure the old one stays as it was.
   *
   * @param tensors in the order that the state dict gets; their bytes are asked for one at a time
   * @param aliases further names, from each to the name of the tensor whose storage it shares
   * @throws UncheckedIOException if the disk is full or the file cannot be written
   * @throws IllegalArgumentException if a name occurs twice, an alias has no tensor, PyTorch has no
   *     such element type, or a tensor's bytes do not fit its shape
   */
  public static void write(Path path, List<TensorSource> tensors, Map<String, String> aliases) {
    Map<String, TensorSource> all = new LinkedHashMap<>();
    for (TensorSource tensor : tensors) {
      if (all.putIfAbsent(tensor.name(), tensor) != null) {
        throw new IllegalArgumentException("tensor name '" + tensor.name() + "' is used twice");
      }
    }
    aliases.forEach((alias, name) -> {
      TensorSource tensor = all.get(name);
      if (tensor == null || all.putIfAbsent(alias, tensor) != null) {
        throw new IllegalArgumentException("alias '" + alias + "' of '" + name + "'");
      }
    });
    write(path, all);
  }

  /**
   * Writes a dictionary, or replaces a file as a whole: on any failure the old one stays as it was.
   *
   * @param content keys are text or whole numbers; values are {@link TensorSource}, String,
   *     Integer, Long, Double, Boolean, null, and {@link Map}, {@link List} and {@link Tuple} of
   *     them. The same source in several places is one storage. Tensors' bytes are asked for one at
   *     a time
   * @throws UncheckedIOException if the disk is full or the file cannot be written
   * @throws IllegalArgumentException if there is another value, PyTorch has no such element type,
   *     or a tensor's bytes do not fit its shape
   */
  public static void write(Path path, Map<?, ?> content) {
    Pickle pickle = new Pickle();
    byte[] described = pickle.of(content);
    try (AtomicFile file = AtomicFile.replace(path)) {
      Archive archive = new Archive(file);
      archive.entry("data.pkl", MemorySegment.ofArray(described));
      archive.entry("byteorder", text("little"));
      for (int i = 0; i < pickle.storages.size(); i++) {
        TensorSource tensor = pickle.storages.get(i);
        MemorySegment bytes = tensor.bytes().get();
        if (bytes.byteSize() != tensor.type().bytes(tensor.shape())) {
          throw new IllegalArgumentException(
              "tensor '%s' %s takes %d bytes, but %d were given"
                  .formatted(
                      tensor.name(),
                      tensor,
                      tensor.type().bytes(tensor.shape()),
                      bytes.byteSize()));
        }
        archive.entry("data/" + i, bytes);
      }
      archive.entry("version", text("3\n"));
      archive.finish();
      file.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": cannot be saved: " + e.getMessage(), e);
    }
  }

  private static MemorySegment text(String text) {
    return MemorySegment.ofArray(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** A pickle in the making, of the instructions that PyTorch's restricted reader allows. */
  private static final class Pickle extends ByteArrayOutputStream {
    private final List<TensorSource> storages = new ArrayList<>();
    private final IdentityHashMap<TensorSource, Integer> numbers = new IdentityHashMap<>();

    byte[] of(Map<?, ?> content) {
      op(0x80).op(2).value(content);
      return op('.').toByteArray();
    }

    void value(Object value) {
      switch (value) {
        case null -> op('N');
        case Boolean b -> op(b ? 0x88 : 0x89);
        case Integer n -> number(n);
        case Long n -> number(n);
        case Double x -> real(x);
        case String text -> text(text);
        case TensorSource tensor -> tensor(tensor);
        case Tuple tuple -> values(tuple.items()).op('t');
        case List<?> list -> op(']').values(list).op('e');
        case Map<?, ?> map -> dictionary(map);
        default ->
            throw new IllegalArgumentException(
                "a " + value.getClass().getSimpleName() + " is none of Python's plain values");
      }
    }

    Pickle values(List<?> items) {
      op('(');
      items.forEach(this::value);
      return this;
    }

    void dictionary(Map<?, ?> map) {
      op('}').op('(');
      map.forEach((key, value) -> {
        if (!(key instanceof String || key instanceof Integer || key instanceof Long)) {
          throw new IllegalArgumentException("key " + key + " is neither text nor a whole number");
        }
        value(key);
        value(value);
      });
      op('u');
    }

    Pickle op(int opcode) {
      write(opcode);
      return this;
    }

    Pickle text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      op('X').i32(utf8.length).writeBytes(utf8);
      return this;
    }

    Pickle global(String module, String name) {
      writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.US_ASCII));
      return this;
    }

    Pickle orderedDict() {
      return global("collections", "OrderedDict").op(')').op('R');
    }

    Pickle i32(int value) {
      return op(value).op(value >>> 8).op(value >>> 16).op(value >>> 24);
    }

    Pickle number(long value) {
      if (value == (int) value) {
        return op('J').i32((int) value);
      }
      return op(0x8A).op(8).i32((int) value).i32((int) (value >>> 32));
    }

    void real(double value) {
      op('G').writeBytes(ByteBuffer.allocate(8).putDouble(value).array()); // big-endian, it alone
    }

    Pickle tuple(long[] numbers) {
      op('(');
      Arrays.stream(numbers).forEach(this::number);
      return op('t');
    }

    void tensor(TensorSource tensor) {
      int storage = numbers.computeIfAbsent(tensor, t -> numbers.size());
      if (storage == storages.size()) {
        storages.add(tensor);
      }
      String storageClass = PythonObjects.STORAGES.get(tensor.type());
      if (storageClass == null) {
        throw new IllegalArgumentException("PyTorch has no storage of " + tensor.type());
      }
      long[] strides = new long[tensor.shape().length];
      long elements = 1;
      for (int axis = strides.length - 1; axis >= 0; axis--) {
        strides[axis] = elements;
        elements *= tensor.shape()[axis];
      }
      global("torch._utils", "_rebuild_tensor_v2").op('(');
      op('(').text("storage").global("torch", storageClass);
      text(Integer.toString(storage)).text("cpu").number(elements).op('t').op('Q');
      number(0).tuple(tensor.shape()).tuple(strides);
      op(0x89).orderedDict().op('t').op('R'); // needs no gradient, has no hooks
    }
  }

  /** A zip archive of stored, aligned entries. */
  private static final class Archive {
    private final AtomicFile file;
    private final BufferedOutputStream out;
    private final ZipOutputStream zip;

    Archive(AtomicFile file) {
      this.file = file;
      this.out = new BufferedOutputStream(file.stream());
      this.zip = new ZipOutputStream(out);
    }

    void entry(String name, MemorySegment bytes) throws IOException {
      ZipEntry entry = new ZipEntry(FOLDER + name);
      entry.setMethod(ZipEntry.STORED);
      entry.setTimeLocal(NO_TIME);
      entry.setSize(bytes.byteSize());
      entry.setCompressedSize(bytes.byteSize());
      CRC32 crc = new CRC32();
      forEachBlock(bytes, (block, count) -> crc.update(block, 0, count));
      entry.setCrc(crc.getValue());
      out.flush();
      entry.setExtra(padding(file.position() + LOCAL_HEADER_BYTES + entry.getName().length()));
      zip.putNextEntry(entry);
      forEachBlock(bytes, (block, count) -> zip.write(block, 0, count));
      zip.closeEntry();
    }

    /** An extra field, with PyTorch's mark, up to where the entry's bytes may begin. */
    private static byte[] padding(long extraAt) {
      int zs = (int) Math.floorMod(-(extraAt + 4), (long) ALIGNMENT);
      byte[] extra = new byte[4 + zs];
      Arrays.fill(extra, (byte) 'Z');
      extra[0] = 'F';
      extra[1] = 'B';
      extra[2] = (byte) zs;
      extra[3] = 0;
      return extra;
    }

    void finish() throws IOException {
      zip.finish();
      out.flush();
    }
  }

  private interface BlockSink {
    void take(byte[] block, int count) throws IOException;
  }

  private static void forEachBlock(MemorySegment bytes, BlockSink sink) throws IOException {
    byte[] block = new byte[(int) Math.min(1 << 16, bytes.byteSize())];
    for (long done = 0; done < bytes.byteSize(); ) {
      int count = (int) Math.min(block.length, bytes.byteSize() - done);
      MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, done, block, 0, count);
      sink.take(block, count);
      done += count;
    }
  }
}
