package dev.larmor.models.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Python;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SafetensorsTest {
  /** Little-endian, as the file is. */
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * A parser written from the format's description with nothing but struct and json: prints each
   * tensor's name, type, shape and the sum of its bytes, and fails where the file breaks a rule.
   */
  private static final String INDEPENDENT_PARSER =
      """
      import json, struct, sys
      data = open(sys.argv[1], "rb").read()
      (n,) = struct.unpack("<Q", data[:8])
      assert n % 8 == 0 and n <= 100_000_000 and data[8:9] == b"{"

      def unique(pairs):
          assert len({k for k, _ in pairs}) == len(pairs), "duplicate key"
          return dict(pairs)

      header = json.loads(data[8:8 + n].decode("utf-8"), object_pairs_hook=unique)
      body = data[8 + n:]
      meta = header.pop("__metadata__", {})
      assert all(isinstance(k, str) and isinstance(v, str) for k, v in meta.items())
      SIZE = dict(F64=8, F32=4, BF16=2, F16=2, I64=8, I32=4, I16=2, I8=1,
                  U64=8, U32=4, U16=2, U8=1, BOOL=1)
      end = 0
      for name, t in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
          assert set(t) == {"dtype", "shape", "data_offsets"}, t
          begin, stop = t["data_offsets"]
          count = 1
          for extent in t["shape"]:
              count *= extent
          assert begin == end and stop - begin == count * SIZE[t["dtype"]], (name, t, end)
          assert begin % SIZE[t["dtype"]] == 0, "not aligned"
          end = stop
          print(name, t["dtype"], t["shape"], sum(body[begin:stop]))
      assert end == len(body)
      print(json.dumps(meta, sort_keys=True))
      """;

  @TempDir Path folder;

  private static MemorySegment bytes(int count, int start) {
    byte[] values = new byte[count];
    for (int i = 0; i < count; i++) {
      values[i] = (byte) (start + i);
    }
    return MemorySegment.ofArray(values);
  }

  private static TensorSource source(String name, ElementType type, int start, long... shape) {
    return new TensorSource(name, type, shape, () -> bytes((int) type.bytes(shape), start));
  }

  /** One tensor of every type, an empty one, a scalar, a complex one, and difficult names. */
  private static List<TensorSource> everything() {
    List<TensorSource> tensors = new ArrayList<>();
    for (ElementType type : ElementType.values()) {
      tensors.add(source("t." + type, type, type.bytes(), 3, 5));
    }
    tensors.add(source("empty", ElementType.F32, 0, 4, 0, 2));
    tensors.add(source("scalar", ElementType.I64, 9));
    tensors.add(source("quote\" back\\ slash/ tab\t ümlaut 音", ElementType.U8, 1, 7));
    tensors.add(TensorSource.complex64("complex", new long[] {2, 3}, () -> bytes(48, 77)));
    return tensors;
  }

  private static final Map<String, String> METADATA =
      Map.of("config", "{\"chans\": 18}", "epoch", "3", "größe", "✓");

  @Test
  void everyTypeComesBack() {
    Path path = folder.resolve("a.safetensors");
    SafetensorsWriter.write(path, METADATA, everything());
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      assertEquals(METADATA, file.metadata());
      assertEquals(everything().size(), file.names().size());
      for (TensorSource tensor : everything()) {
        var entry = file.entry(tensor.name());
        assertEquals(tensor.type(), entry.type());
        assertArrayEquals(tensor.shape(), entry.shape());
        assertEquals(-1, tensor.bytes().get().mismatch(file.bytes(tensor.name())));
        long alignment = file.bytes(tensor.name()).address() % tensor.type().bytes();
        assertEquals(0, alignment, tensor.name());
      }
      assertEquals("F32[2, 3, 2]", file.entry("complex").toString());
      assertEquals("I64[]", file.entry("scalar").toString());
      assertEquals(15, file.floats("t.F32").length);
      assertEquals(bytes(60, 4).get(FLOAT, 8), file.floats("t.F32")[2]);
      assertEquals(
          path + ": no tensor 'nothing'",
          assertThrows(DataException.class, () -> file.bytes("nothing")).getMessage());
      assertEquals(
          path + ": tensor 't.I32' is I32[3, 5], expected F32",
          assertThrows(DataException.class, () -> file.floats("t.I32")).getMessage());
    }
  }

  @Test
  void theIndependentParserReadsTheSame() throws IOException {
    Python.assumeModules("json", "struct");
    Path path = folder.resolve("a.safetensors");
    SafetensorsWriter.write(path, METADATA, everything());
    List<String> lines = Python.run(INDEPENDENT_PARSER, path).lines().toList();
    assertEquals(everything().size() + 1, lines.size());
    for (TensorSource tensor : everything()) {
      long sum = 0;
      for (byte b : tensor.bytes().get().toArray(ValueLayout.JAVA_BYTE)) {
        sum += b & 0xFF;
      }
      String shape = Arrays.toString(tensor.shape());
      String line = tensor.name() + " " + tensor.type() + " " + shape + " " + sum;
      assertTrue(lines.contains(line), line + " not in " + lines);
    }
    assertEquals(
        "{\"config\": \"{\\\"chans\\\": 18}\", \"epoch\": \"3\", \"gr\\u00f6\\u00dfe\": \"\\u2713\"}",
        lines.getLast());
  }

  @Test
  void theIndependentParserWouldFindAFault() throws IOException {
    Python.assumeModules("json", "struct");
    Path path = folder.resolve("a.safetensors");
    SafetensorsWriter.write(path, Map.of(), everything());
    Files.write(path, new byte[1], StandardOpenOption.APPEND);
    assertThrows(AssertionError.class, () -> Python.run(INDEPENDENT_PARSER, path));
  }

  @Test
  void equalContentsMakeEqualFiles() throws IOException {
    List<TensorSource> tensors = everything();
    SafetensorsWriter.write(folder.resolve("a"), METADATA, tensors);
    SafetensorsWriter.write(folder.resolve("b"), METADATA, tensors.reversed());
    assertEquals(-1, Files.mismatch(folder.resolve("a"), folder.resolve("b")));
  }

  @Test
  void noTensorsAndNoMetadata() {
    Path path = folder.resolve("empty.safetensors");
    SafetensorsWriter.write(path, Map.of(), List.of());
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      assertEquals(Set.of(), file.names());
      assertEquals(Map.of(), file.metadata());
    }
  }

  /** Writes a file of this header and so many bytes of data. */
  private Path file(String header, int data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + text.length + data)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(text.length)
            .put(text);
    Path path = folder.resolve("bad.safetensors");
    Files.write(path, file.array());
    return path;
  }

  private void assertBad(String reason, String header, int data) throws IOException {
    Path path = file(header, data);
    String message =
        assertThrows(DataException.class, () -> SafetensorsReader.open(path)).getMessage();
    assertTrue(message.startsWith(path + ": " + reason), message);
  }

  private static String tensor(String name, String dtype, String shape, String offsets) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":%s}"
        .formatted(name, dtype, shape, offsets);
  }

  @Test
  void aForeignFileIsRead() throws IOException {
    // Any order of fields, padding with blanks, tensors in any order of names, odd alignment.
    Path path =
        file(
            "{\"z\":{\"shape\":[3],\"data_offsets\":[0,3],\"dtype\":\"U8\"},"
                + tensor("a", "F32", "[1]", "[3,7]")
                + "}   ",
            7);
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      assertEquals(List.of("a", "z"), List.copyOf(file.names()));
      assertEquals(0, file.floats("a")[0]);
    }
  }

  @Test
  void brokenHeaders() throws IOException {
    assertBad("not a safetensors file: the header does not begin with '{'", "[1, 2]", 0);
    assertBad("the header is not valid JSON: ", "{\"a\":", 0);
    assertBad("the header is not valid JSON: ", "{a}", 0);
    assertBad("the header goes on after its closing brace", "{} {}", 0);
    assertBad(
        "the header is not valid JSON: Duplicate",
        "{" + tensor("a", "U8", "[1]", "[0,1]") + "," + tensor("a", "U8", "[1]", "[1,2]") + "}",
        2);
    assertBad("in the header, a is a VALUE_NUMBER_INT, expected a START_OBJECT", "{\"a\":1}", 0);
    assertBad(
        "in the header, __metadata__.x is a VALUE_NUMBER_INT, expected a VALUE_STRING",
        "{\"__metadata__\":{\"x\":1}}",
        0);
    assertBad("tensor 'a' has no dtype", "{\"a\":{\"shape\":[],\"data_offsets\":[0,0]}}", 0);
    assertBad("tensor 'a' has no shape", "{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0]}}", 0);
    assertBad("tensor 'a' has no data_offsets", "{\"a\":{\"dtype\":\"U8\",\"shape\":[0]}}", 0);
    assertBad(
        "tensor 'a' has an unknown field 'size'", "{\"a\":{\"dtype\":\"U8\",\"size\":[0]}}", 0);
    assertBad(
        "tensor 'a' has dtype F8, expected one of [F64, F32, ",
        "{" + tensor("a", "F8", "[1]", "[0,1]") + "}",
        1);
    assertBad(
        "a.shape holds -1, expected no negative number",
        "{" + tensor("a", "U8", "[-1]", "[0,1]") + "}",
        1);
    assertBad(
        "in the header, a.shape is a VALUE_NUMBER_FLOAT, expected a VALUE_NUMBER_INT",
        "{" + tensor("a", "U8", "[1.0]", "[0,1]") + "}",
        1);
    assertBad(
        "in the header, a.shape is a VALUE_STRING, expected a START_ARRAY",
        "{" + tensor("a", "U8", "\"1\"", "[0,1]") + "}",
        1);
    assertBad(
        "tensor 'a' has 3 data_offsets, expected 2",
        "{" + tensor("a", "U8", "[1]", "[0,1,2]") + "}",
        1);
  }

  @Test
  void brokenLayouts() throws IOException {
    assertBad(
        "tensor 'a' F32[2] takes 8 bytes, but its offsets [0, 4) span 4",
        "{" + tensor("a", "F32", "[2]", "[0,4]") + "}",
        4);
    assertBad(
        "tensor 'a' U8[1] takes 1 bytes, but its offsets [1, 0) span -1",
        "{" + tensor("a", "U8", "[1]", "[1,0]") + "}",
        1);
    assertBad(
        "tensor 'b' U8[2] begins at byte 1, but the one before it ends at 2: no gap or overlap",
        "{" + tensor("a", "U8", "[2]", "[0,2]") + "," + tensor("b", "U8", "[2]", "[1,3]") + "}",
        3);
    assertBad(
        "tensor 'b' U8[2] begins at byte 3, but the one before it ends at 2: no gap or overlap",
        "{" + tensor("a", "U8", "[2]", "[0,2]") + "," + tensor("b", "U8", "[2]", "[3,5]") + "}",
        5);
    assertBad(
        "tensor 'a' U8[1] begins at byte 1, but the one before it ends at 0",
        "{" + tensor("a", "U8", "[1]", "[1,2]") + "}",
        2);
    assertBad(
        "tensor 'a' F64[4294967296, 4294967296] exceeds 2^63 bytes",
        "{" + tensor("a", "F64", "[4294967296,4294967296]", "[0,1]") + "}",
        1);
    assertBad(
        "truncated: 3 bytes of tensor data, expected 4",
        "{" + tensor("a", "U8", "[4]", "[0,4]") + "}",
        3);
    assertBad(
        "2 bytes after the last tensor belong to none",
        "{" + tensor("a", "U8", "[4]", "[0,4]") + "}",
        6);
  }

  @Test
  void whatIsNoSafetensorsFileAtAll() throws IOException {
    Path path = folder.resolve("x");
    assertOpen(path + ": no such file", path);
    assertOpen(folder + ": not a regular file", folder);
    Files.write(path, new byte[7]);
    assertOpen(path + ": truncated: 7 bytes are too few for a safetensors header", path);
    Files.write(path, "PK zip archive of something else".getBytes(StandardCharsets.UTF_8));
    assertOpen(path + ": not a safetensors file: a header of 6998717419256564560 bytes", path);
    ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(path, header.putLong(0, 5).put(8, (byte) '{').array());
    assertOpen(path + ": truncated: a header of 5 bytes in a file of 12", path);
    Files.write(path, header.putLong(0, 100_000_001).array());
    assertOpen(path + ": not a safetensors file: a header of 100000001 bytes", path);
    Files.write(path, header.putLong(0, 4).put(9, (byte) 0xFF).array());
    assertOpen(path + ": the header is not UTF-8", path);
  }

  private static void assertOpen(String message, Path path) {
    assertEquals(
        message,
        assertThrows(DataException.class, () -> SafetensorsReader.open(path)).getMessage());
  }

  @Test
  void everyTruncationIsFound() throws IOException {
    Path whole = folder.resolve("whole");
    SafetensorsWriter.write(whole, METADATA, everything());
    byte[] bytes = Files.readAllBytes(whole);
    Path path = folder.resolve("part");
    for (int length = 0; length < bytes.length; length += 13) {
      Files.write(path, Arrays.copyOf(bytes, length));
      DataException e = assertThrows(DataException.class, () -> SafetensorsReader.open(path));
      assertTrue(e.getMessage().startsWith(path + ": truncated: "), e.getMessage());
    }
  }

  @Test
  void wrongUseOfTheWriterLeavesTheOldFile() throws IOException {
    Path path = folder.resolve("a");
    SafetensorsWriter.write(path, Map.of(), List.of(source("a", ElementType.U8, 0, 4)));
    assertEquals(
        "tensor name 'b' is used twice or reserved",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    SafetensorsWriter.write(
                        path,
                        Map.of(),
                        List.of(
                            source("b", ElementType.U8, 0, 1), source("b", ElementType.F32, 0))))
            .getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            SafetensorsWriter.write(
                path, Map.of(), List.of(source("__metadata__", ElementType.U8, 0, 1))));
    assertEquals(
        "tensor 'b' F32[2] takes 8 bytes, but 4 were given",
        assertThrows(
                IllegalArgumentException.class,
                () ->
                    SafetensorsWriter.write(
                        path,
                        Map.of(),
                        List.of(
                            new TensorSource(
                                "b", ElementType.F32, new long[] {2}, () -> bytes(4, 0)))))
            .getMessage());
    try (SafetensorsReader file = SafetensorsReader.open(path);
        Stream<Path> files = Files.list(folder)) {
      assertEquals(Set.of("a"), file.names());
      assertEquals(1, files.count(), "a left-over file");
    }
  }

  @Test
  void aSegmentMustNotBeUsedAfterClosing() {
    Path path = folder.resolve("a");
    SafetensorsWriter.write(path, Map.of(), List.of(source("a", ElementType.U8, 0, 4)));
    MemorySegment bytes;
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      bytes = file.bytes("a");
    }
    assertThrows(IllegalStateException.class, () -> bytes.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void anUnwritableFolderIsNamed() throws IOException {
    Path file = folder.resolve("file");
    Files.writeString(file, "");
    Path path = file.resolve("a.safetensors");
    UncheckedIOException e =
        assertThrows(
            UncheckedIOException.class, () -> SafetensorsWriter.write(path, Map.of(), List.of()));
    assertTrue(e.getMessage().startsWith(path + ": cannot be saved: "), e.getMessage());
  }

  /** A sparse file of 5 GiB: offsets beyond 32 bits, without needing the disk or the memory. */
  @Test
  void filesBeyondTwoGibibytesAreRead() throws IOException {
    long big = 5L << 30;
    String header =
        "{"
            + tensor("big", "U8", "[" + big + "]", "[0," + big + "]")
            + ","
            + tensor("last", "F32", "[1]", "[" + big + "," + (big + 4) + "]")
            + "}";
    Path path = file(header, 0);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      ByteBuffer last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, 1.5f);
      channel.write(last, 8 + header.length() + big);
    }
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      assertEquals(1.5f, file.floats("last")[0]);
      assertEquals(big, file.bytes("big").byteSize());
      assertEquals(0, file.bytes("big").get(ValueLayout.JAVA_BYTE, big - 1));
    }
  }

  /** The same written by us. */
  @Test
  @Tag("long")
  void filesBeyondTwoGibibytesAreWritten() {
    long big = (2L << 30) + 12345;
    Path path = folder.resolve("big.safetensors");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(big);
      bytes.set(ValueLayout.JAVA_BYTE, big - 1, (byte) 7);
      SafetensorsWriter.write(
          path,
          Map.of(),
          List.of(
              new TensorSource("big", ElementType.U8, new long[] {big}, () -> bytes),
              source("small", ElementType.U8, 5, 1)));
    }
    try (SafetensorsReader file = SafetensorsReader.open(path)) {
      assertEquals(7, file.bytes("big").get(ValueLayout.JAVA_BYTE, big - 1));
      assertEquals(5, file.bytes("small").get(ValueLayout.JAVA_BYTE, 0));
    }
  }
}
