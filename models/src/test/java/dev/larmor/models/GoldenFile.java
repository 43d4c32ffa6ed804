package dev.larmor.models;

import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.SafetensorsReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Set;

/** A file of reference values among the test resources. */
final class GoldenFile implements AutoCloseable {
  private final SafetensorsReader reader;

  GoldenFile(String name) {
    try {
      reader =
          SafetensorsReader.open(
              Path.of(GoldenFile.class.getResource("/golden/" + name + ".safetensors").toURI()));
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  Set<String> names() {
    return reader.names();
  }

  double[] get(String name) {
    ElementType type = reader.entry(name).type();
    MemorySegment bytes = reader.bytes(name);
    double[] values = new double[(int) (bytes.byteSize() / type.bytes())];
    for (int i = 0; i < values.length; i++) {
      long at = (long) i * type.bytes();
      values[i] =
          switch (type) {
            case F64 ->
                bytes.get(ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at);
            case F32 ->
                bytes.get(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), at);
            case U8 -> bytes.get(ValueLayout.JAVA_BYTE, at) & 0xFF;
            default -> throw new AssertionError(name + " is " + type);
          };
    }
    return values;
  }

  long[] shape(String name) {
    return reader.entry(name).shape();
  }

  String metadata(String key) {
    return reader.metadata().get(key);
  }

  int option(String key) {
    return Integer.parseInt(metadata(key));
  }

  @Override
  public void close() {
    reader.close();
  }
}
