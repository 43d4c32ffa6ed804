package dev.larmor.models.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.larmor.models.io.AtomicFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Writes safetensors files.
 *
 * <p>Tensors are ordered by falling element size, then by name, and the header is padded to a
 * multiple of eight bytes, so every tensor is aligned to its elements and equal contents make equal
 * files. Their bytes are asked for one tensor at a time.
 */
public final class SafetensorsWriter {
  private SafetensorsWriter() {}

  /**
   * Writes a file, or replaces one as a whole: on any failure the old file stays as it was.
   *
   * @param metadata string-to-string pairs for {@code __metadata__}
   * @throws UncheckedIOException if the disk is full or the file cannot be written
   * @throws IllegalArgumentException if a name occurs twice or a tensor's bytes do not fit its
   *     shape
   */
  public static void write(
      Path path, Map<String, String> metadata, Collection<TensorSource> tensors) {
    List<TensorSource> ordered = new ArrayList<>(tensors);
    ordered.sort(
        Comparator.comparingInt((TensorSource t) -> -t.type().bytes())
            .thenComparing(TensorSource::name));
    byte[] header = header(metadata, ordered);
    try (AtomicFile file = AtomicFile.replace(path)) {
      ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      file.write(length.putLong(header.length).flip());
      file.write(ByteBuffer.wrap(header));
      for (TensorSource tensor : ordered) {
        MemorySegment bytes = tensor.bytes().get();
        long expected = tensor.type().bytes(tensor.shape());
        if (bytes.byteSize() != expected) {
          throw new IllegalArgumentException(
              "tensor '%s' %s%s takes %d bytes, but %d were given"
                  .formatted(
                      tensor.name(),
                      tensor.type(),
                      Arrays.toString(tensor.shape()),
                      expected,
                      bytes.byteSize()));
        }
        file.write(bytes);
      }
      file.commit();
    }
  }

  private static byte[] header(Map<String, String> metadata, List<TensorSource> tensors) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsReader.METADATA);
        for (Map.Entry<String, String> pair : new TreeMap<>(metadata).entrySet()) {
          json.writeStringField(pair.getKey(), pair.getValue());
        }
        json.writeEndObject();
      }
      Set<String> names = new HashSet<>(Set.of(SafetensorsReader.METADATA));
      long position = 0;
      for (TensorSource tensor : tensors) {
        if (!names.add(tensor.name())) {
          throw new IllegalArgumentException(
              "tensor name '" + tensor.name() + "' is used twice or reserved");
        }
        long end = Math.addExact(position, tensor.type().bytes(tensor.shape()));
        json.writeObjectFieldStart(tensor.name());
        json.writeStringField("dtype", tensor.type().name());
        json.writeFieldName("shape");
        json.writeArray(tensor.shape(), 0, tensor.shape().length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {position, end}, 0, 2);
        json.writeEndObject();
        position = end;
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    while (bytes.size() % 8 != 0) {
      bytes.write(' ');
    }
    if (bytes.size() > SafetensorsReader.MAX_HEADER_BYTES) {
      throw new IllegalArgumentException(
          "a header of " + bytes.size() + " bytes, more than readers of the format accept");
    }
    return bytes.toByteArray();
  }
}
