package dev.larmor.models.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.models.Python;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PyTorchWriterTest {
  @TempDir Path folder;

  private static TensorSource source(String name, ElementType type, long... shape) {
    byte[] bytes = new byte[(int) type.bytes(shape)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (3 * i + 1);
    }
    return new TensorSource(name, type, shape, () -> MemorySegment.ofArray(bytes));
  }

  private static List<TensorSource> everything() {
    List<TensorSource> tensors = new ArrayList<>();
    for (ElementType type : PythonObjects.STORAGES.keySet().stream().sorted().toList()) {
      tensors.add(source("größe." + type, type, 2, 3, 5));
    }
    tensors.add(source("empty", ElementType.F32, 3, 0));
    tensors.add(source("scalar", ElementType.F64));
    tensors.add(source("long", ElementType.F32, 100_000));
    return tensors;
  }

  private static final Map<String, String> ALIASES =
      new LinkedHashMap<>(Map.of("again.long", "long", "again.scalar", "scalar"));

  private Path written(String name) {
    Path path = folder.resolve(name);
    PyTorchWriter.write(path, everything(), ALIASES);
    return path;
  }

  @Test
  void ourReaderReadsTheSame() {
    try (PyTorchReader file = PyTorchReader.open(written("a.pt"))) {
      Map<String, TensorSource> tensors = file.tensors();
      assertEquals(everything().size() + 2, tensors.size());
      for (TensorSource tensor : everything()) {
        TensorSource found = tensors.get(tensor.name());
        assertEquals(tensor.toString(), found.toString());
        assertEquals(-1, tensor.bytes().get().mismatch(found.bytes().get()), tensor.name());
      }
      byte[] first = tensors.get("long").bytes().get().toArray(ValueLayout.JAVA_BYTE);
      assertArrayEquals(
          first, tensors.get("again.long").bytes().get().toArray(ValueLayout.JAVA_BYTE));
    }
  }

  /** The content as restricted.py, beside this class's resources, reads it. */
  private static JsonNode restricted(Path file) throws IOException {
    Python.assumeModules("pickle", "zipfile");
    try (InputStream script = PyTorchWriterTest.class.getResourceAsStream("restricted.py")) {
      String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
      return new ObjectMapper().readTree(Python.run(text, file));
    }
  }

  @Test
  void aRestrictedReaderReadsTheSame() throws IOException {
    JsonNode tensors = restricted(written("a.pt"));
    assertEquals(everything().size() + 2, tensors.size());
    String first = tensors.get("größe.F64").asText();
    assertTrue(first.matches("Double \\[2, 3, 5] \\[15, 5, 1] 0 \\d+"), first);
    assertEquals(tensors.get("long"), tensors.get("again.long"), "the alias shares the storage");
    int key = 0;
    for (TensorSource tensor : everything()) {
      long sum = 0;
      for (byte b : tensor.bytes().get().toArray(ValueLayout.JAVA_BYTE)) {
        sum += b & 0xFF;
      }
      String found = tensors.get(tensor.name()).asText();
      assertTrue(found.endsWith(" " + key + " " + sum), found);
      key++;
    }
  }

  /** Everything that a checkpoint holds beside tensors. */
  private static Map<String, Object> tree() {
    TensorSource tensor = source("w", ElementType.F32, 2, 3);
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("weights", new LinkedHashMap<>(Map.of("a", tensor)));
    tree.put("again", List.of(tensor, source("w", ElementType.F32, 2, 3)));
    tree.put("none", null);
    tree.put("numbers", Arrays.asList(0, -5, 1L << 40, -(1L << 62), 0.1, -1e300, true, false));
    tree.put("betas", new PyTorchWriter.Tuple(List.of(0.9, "größe")));
    tree.put("empty", List.of(List.of(), Map.of(), new PyTorchWriter.Tuple(List.of())));
    tree.put("state", new LinkedHashMap<>(Map.of(7, Map.of("step", 3L))));
    return tree;
  }

  @Test
  void aTreeOfValues() throws IOException {
    Path path = folder.resolve("tree.pth");
    PyTorchWriter.write(path, tree());
    String[] tensors = {"Float [2, 3] [3, 1] 0 852", "Float [2, 3] [3, 1] 1 852"};
    String values =
        """
        "none": null,
        "numbers": [0, -5, 1099511627776, -4611686018427387904, 0.1, -1e+300, true, false],
        "betas": {"tuple": [0.9, "größe"]},
        "empty": [[], {}, {"tuple": []}],
        "state": {"7": {"step": 3}}}
        """;
    JsonNode expected =
        new ObjectMapper()
            .readTree(
                "{\"weights\": {\"a\": \"%s\"}, \"again\": [\"%s\", \"%s\"],"
                        .formatted(tensors[0], tensors[0], tensors[1])
                    + values);
    assertEquals(expected, restricted(path));
    try (PyTorchReader file = PyTorchReader.open(path)) {
      for (String key : List.of("numbers", "state")) {
        assertEquals(expected.get(key).toString(), file.json(key).orElseThrow().toString());
      }
      assertEquals("[0.9,\"größe\"]", file.json("betas").orElseThrow().toString());
      assertEquals("[[],{},[]]", file.json("empty").orElseThrow().toString());
      assertTrue(file.json("none").isEmpty() && file.json("nothing").isEmpty());
      assertTrue(file.json("again").isEmpty(), "tensors are no JSON");
    }
  }

  @Test
  void valuesThatPythonHasNot() {
    Path path = folder.resolve("a.pth");
    for (Map.Entry<Object, String> e :
        Map.<Object, String>of(
                1f,
                "a Float is none of Python's plain values",
                path.getFileName().toFile(),
                "a File is none of Python's plain values",
                Map.of(1.5, 2),
                "key 1.5 is neither text nor a whole number")
            .entrySet()) {
      assertEquals(
          e.getValue(),
          assertThrows(
                  IllegalArgumentException.class,
                  () -> PyTorchWriter.write(path, Map.of("x", e.getKey())))
              .getMessage());
    }
    assertFalse(Files.exists(path));
  }

  @Test
  void equalTensorsMakeEqualFiles() throws IOException {
    Path first = written("a.pt");
    assertEquals(-1, Files.mismatch(first, written("b.pt")));
    long bytes = everything().stream().mapToLong(t -> t.type().bytes(t.shape())).sum();
    assertTrue(Files.size(first) < bytes + 10_000, "an alias has no bytes of its own");
  }

  @Test
  void whatCannotBeWrittenLeavesTheOldFile() throws IOException {
    Path path = folder.resolve("a.pt");
    Files.writeString(path, "old");
    TensorSource tensor = source("a", ElementType.F32, 2);
    TensorSource wrong = new TensorSource("b", ElementType.F32, new long[] {3}, tensor.bytes());
    for (Map.Entry<String, Runnable> e :
        Map.<String, Runnable>of(
                "tensor name 'a' is used twice",
                () -> PyTorchWriter.write(path, List.of(tensor, tensor), Map.of()),
                "alias 'c' of 'b'",
                () -> PyTorchWriter.write(path, List.of(tensor), Map.of("c", "b")),
                "alias 'a' of 'a'",
                () -> PyTorchWriter.write(path, List.of(tensor), Map.of("a", "a")),
                "PyTorch has no storage of U32",
                () -> PyTorchWriter.write(path, List.of(source("u", ElementType.U32, 1)), Map.of()),
                "tensor 'b' F32[3] takes 12 bytes, but 8 were given",
                () -> PyTorchWriter.write(path, List.of(tensor, wrong), Map.of()))
            .entrySet()) {
      assertEquals(
          e.getKey(), assertThrows(IllegalArgumentException.class, e.getValue()::run).getMessage());
    }
    assertEquals("old", Files.readString(path, StandardCharsets.UTF_8));
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count());
    }
  }
}
