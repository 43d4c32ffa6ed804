package dev.larmor.models.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A safetensors file, memory-mapped; every rule of the format is checked when it is opened.
 *
 * <p>The tensors' bytes are read from the disk when they are touched, so a file may be larger than
 * memory. Closing unmaps it at once: segments handed out must not be used after that (the JDK then
 * throws an {@link IllegalStateException}).
 */
public final class SafetensorsReader implements TensorFile {
  /** The longest header the format's reference implementation accepts. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  /** The header's key for string-to-string pairs. */
  static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  /**
   * One tensor's header entry.
   *
   * @param name its name
   * @param type its element type
   * @param shape its extents, slowest first; empty for a scalar
   * @param begin where its bytes begin, counted from the end of the header
   * @param end where they end, exclusive
   */
  public record Entry(String name, ElementType type, long[] shape, long begin, long end) {
    /** Type and shape as messages show them, {@code F32[32, 16, 3, 3]}. */
    @Override
    public String toString() {
      return type + Arrays.toString(shape);
    }
  }

  private final Path path;
  private final Arena arena;
  private final MemorySegment data;
  private final Map<String, Entry> entries;
  private final Map<String, String> metadata;

  private SafetensorsReader(
      Path path,
      Arena arena,
      MemorySegment data,
      Map<String, Entry> entries,
      Map<String, String> metadata) {
    this.path = path;
    this.arena = arena;
    this.data = data;
    this.entries = Collections.unmodifiableMap(entries);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Opens and checks a file.
   *
   * @throws DataException naming the file and the first rule of the format it breaks
   */
  @SuppressWarnings("MustBeClosedChecker") // the reader owns the arena and closes it
  public static SafetensorsReader open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw bad(path, Files.exists(path) ? "not a regular file" : "no such file");
    }
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return parse(path, arena, file);
    } catch (IOException e) {
      arena.close();
      throw bad(path, "cannot be read: " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static SafetensorsReader parse(Path path, Arena arena, MemorySegment file) {
    long size = file.byteSize();
    if (size < 8) {
      throw bad(path, "truncated: " + size + " bytes are too few for a safetensors header");
    }
    long header = file.get(ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
    if (header < 2 || header > MAX_HEADER_BYTES) {
      throw bad(
          path, "not a safetensors file: a header of " + Long.toUnsignedString(header) + " bytes");
    }
    if (header > size - 8) {
      throw bad(path, "truncated: a header of " + header + " bytes in a file of " + size);
    }
    if (file.get(ValueLayout.JAVA_BYTE, 8) != '{') {
      throw bad(path, "not a safetensors file: the header does not begin with '{'");
    }
    MemorySegment data = file.asSlice(8 + header);
    Map<String, Entry> entries = new TreeMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    parseHeader(path, file.asSlice(8, header), entries, metadata);
    checkLayout(path, entries, data.byteSize());
    return new SafetensorsReader(path, arena, data, entries, metadata);
  }

  private static void parseHeader(
      Path path, MemorySegment header, Map<String, Entry> entries, Map<String, String> metadata) {
    String text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(header.toArray(ValueLayout.JAVA_BYTE)))
              .toString();
    } catch (CharacterCodingException e) {
      throw bad(path, "the header is not UTF-8", e);
    }
    try (JsonParser json = JSON.createParser(text)) {
      json.nextToken();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        expect(path, json.nextToken(), JsonToken.START_OBJECT, name);
        if (name.equals(METADATA)) {
          parseMetadata(path, json, metadata);
        } else {
          entries.put(name, parseEntry(path, json, name));
        }
      }
      if (json.nextToken() != null) {
        throw bad(path, "the header goes on after its closing brace");
      }
    } catch (JsonProcessingException e) {
      throw bad(path, "the header is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new AssertionError("reading a string", e);
    }
  }

  private static void parseMetadata(Path path, JsonParser json, Map<String, String> metadata)
      throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      expect(path, json.nextToken(), JsonToken.VALUE_STRING, METADATA + "." + key);
      metadata.put(key, json.getText());
    }
  }

  private static Entry parseEntry(Path path, JsonParser json, String name) throws IOException {
    ElementType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      switch (field) {
        case "dtype" -> {
          expect(path, value, JsonToken.VALUE_STRING, name + ".dtype");
          type = elementType(path, name, json.getText());
        }
        case "shape" -> shape = parseLongs(path, json, name + ".shape");
        case "data_offsets" -> offsets = parseLongs(path, json, name + ".data_offsets");
        default -> throw bad(path, "tensor '" + name + "' has an unknown field '" + field + "'");
      }
    }
    if (type == null || shape == null || offsets == null) {
      String missing = type == null ? "dtype" : shape == null ? "shape" : "data_offsets";
      throw bad(path, "tensor '" + name + "' has no " + missing);
    }
    if (offsets.length != 2) {
      throw bad(path, "tensor '" + name + "' has " + offsets.length + " data_offsets, expected 2");
    }
    return new Entry(name, type, shape, offsets[0], offsets[1]);
  }

  private static ElementType elementType(Path path, String name, String text) {
    try {
      return ElementType.valueOf(text);
    } catch (IllegalArgumentException e) {
      throw bad(
          path,
          "tensor '%s' has dtype %s, expected one of %s"
              .formatted(name, text, Arrays.toString(ElementType.values())),
          e);
    }
  }

  private static long[] parseLongs(Path path, JsonParser json, String what) throws IOException {
    expect(path, json.currentToken(), JsonToken.START_ARRAY, what);
    List<Long> values = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(path, json.currentToken(), JsonToken.VALUE_NUMBER_INT, what);
      long value = json.getLongValue();
      if (value < 0) {
        throw bad(path, what + " holds " + value + ", expected no negative number");
      }
      values.add(value);
    }
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  private static void expect(Path path, JsonToken found, JsonToken expected, String what) {
    if (found != expected) {
      throw bad(path, "in the header, " + what + " is a " + found + ", expected a " + expected);
    }
  }

  /** Sizes fit the shapes, and the tensors fill the data without gap or overlap. */
  private static void checkLayout(Path path, Map<String, Entry> entries, long dataBytes) {
    List<Entry> byOffset = new ArrayList<>(entries.values());
    byOffset.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long position = 0;
    for (Entry entry : byOffset) {
      String tensor = "tensor '" + entry.name() + "' " + entry;
      long span = entry.end() - entry.begin();
      long expected;
      try {
        expected = entry.type().bytes(entry.shape());
      } catch (ArithmeticException e) {
        throw bad(path, tensor + " exceeds 2^63 bytes", e);
      }
      if (span != expected) {
        throw bad(
            path,
            "%s takes %d bytes, but its offsets [%d, %d) span %d"
                .formatted(tensor, expected, entry.begin(), entry.end(), span));
      }
      if (entry.begin() != position) {
        throw bad(
            path,
            "%s begins at byte %d, but the one before it ends at %d: no gap or overlap may be"
                .formatted(tensor, entry.begin(), position));
      }
      position = entry.end();
    }
    if (position > dataBytes) {
      throw bad(path, "truncated: " + dataBytes + " bytes of tensor data, expected " + position);
    }
    if (position < dataBytes) {
      throw bad(path, (dataBytes - position) + " bytes after the last tensor belong to none");
    }
  }

  private static DataException bad(Path path, String what) {
    return new DataException(path + ": " + what);
  }

  private static DataException bad(Path path, String what, Throwable cause) {
    return new DataException(path + ": " + what, cause);
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /** The string-to-string pairs of {@code __metadata__}, in the file's order. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /** The tensors' names, sorted. */
  public Set<String> names() {
    return entries.keySet();
  }

  /**
   * A tensor's header entry.
   *
   * @throws DataException if there is no tensor of this name
   */
  public Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw bad(path, "no tensor '" + name + "'");
    }
    return entry;
  }

  /**
   * A tensor's bytes: row-major, little-endian, read-only, valid until {@link #close}, and aligned
   * to the element size only in well-made files.
   *
   * @throws DataException if there is no tensor of this name
   */
  public MemorySegment bytes(String name) {
    Entry entry = entry(name);
    return data.asSlice(entry.begin(), entry.end() - entry.begin());
  }

  /** All tensors, sorted by name. */
  @Override
  public Map<String, TensorSource> tensors() {
    Map<String, TensorSource> tensors = new LinkedHashMap<>();
    entries.forEach((name, entry) ->
        tensors.put(name, new TensorSource(name, entry.type(), entry.shape(), () -> bytes(name))));
    return tensors;
  }

  /**
   * A copy of an F32 tensor that fits a Java array.
   *
   * @throws DataException if there is no tensor of this name or it is not F32
   */
  public float[] floats(String name) {
    Entry entry = entry(name);
    if (entry.type() != ElementType.F32) {
      throw bad(path, "tensor '" + name + "' is " + entry + ", expected F32");
    }
    return bytes(name).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
  }

  @Override
  public void close() {
    arena.close();
  }
}
