package dev.larmor.bench.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A safetensors file, whole in memory. */
final class GoldenFile {
  private final JsonNode header;
  private final ByteBuffer data;

  GoldenFile(Path path) throws IOException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    byte[] json = new byte[Math.toIntExact(file.getLong())];
    file.get(json);
    header = new ObjectMapper().readTree(json);
    data = file.slice();
  }

  /** An entry of the metadata as a number. */
  int metadata(String key) {
    return Integer.parseInt(entry("__metadata__").required(key).textValue());
  }

  /** The names of the tensors that begin with a prefix, without it. */
  Set<String> names(String prefix) {
    return header.properties().stream()
        .map(Map.Entry::getKey)
        .filter(k -> k.startsWith(prefix))
        .map(k -> k.substring(prefix.length()))
        .collect(Collectors.toSet());
  }

  long[] shape(String name) {
    return entry(name).get("shape").valueStream().mapToLong(JsonNode::asLong).toArray();
  }

  /** A tensor of type F32. */
  float[] floats(String name) {
    ByteBuffer bytes = bytes(name, "F32");
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /** A tensor of type F64. */
  double[] doubles(String name) {
    ByteBuffer bytes = bytes(name, "F64");
    double[] values = new double[bytes.remaining() / Double.BYTES];
    bytes.asDoubleBuffer().get(values);
    return values;
  }

  /** A tensor of type U8 as flags. */
  boolean[] flags(String name) {
    ByteBuffer bytes = bytes(name, "U8");
    boolean[] values = new boolean[bytes.remaining()];
    for (int i = 0; i < values.length; i++) {
      values[i] = bytes.get(i) != 0;
    }
    return values;
  }

  private ByteBuffer bytes(String name, String type) {
    JsonNode entry = entry(name);
    if (!entry.get("dtype").textValue().equals(type)) {
      throw new IllegalArgumentException(name + " is " + entry.get("dtype") + ", not " + type);
    }
    int from = entry.get("data_offsets").get(0).asInt();
    int to = entry.get("data_offsets").get(1).asInt();
    return data.slice(from, to - from).order(ByteOrder.LITTLE_ENDIAN);
  }

  private JsonNode entry(String name) {
    return header.required(name);
  }
}
