package dev.larmor.models.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Python;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PyTorchWriterTest {
  /**
   * What torch.load(weights_only=True) does, written from its documentation with zipfile, pickle
   * and struct: the instructions and names that it allows, no others. Prints each tensor's name,
   * type, shape, strides, storage and the sum of its storage's bytes.
   */
  private static final String RESTRICTED_READER =
      """
      import io, pickle, pickletools, struct, sys, zipfile
      from collections import OrderedDict

      ALLOWED = set(
          "GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE TUPLE1 TUPLE2"
          " TUPLE3 NONE NEWFALSE NEWTRUE EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT"
          " BININT1 BININT2 BINFLOAT BINUNICODE SHORT_BINSTRING BINPERSID BINGET LONG_BINGET"
          " BINPUT LONG_BINPUT LONG1 PROTO STOP".split())
      SIZES = dict(Double=8, Float=4, Half=2, BFloat16=2, Long=8, Int=4, Short=2, Char=1, Byte=1,
                   Bool=1)

      class Unpickler(pickle.Unpickler):
          def find_class(self, module, name):
              if (module, name) == ("collections", "OrderedDict"):
                  return OrderedDict
              if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
                  return lambda *args: args
              if module == "torch" and name.endswith("Storage") and name[:-7] in SIZES:
                  return name[:-7]
              raise pickle.UnpicklingError(module + "." + name)

          def persistent_load(self, pid):
              kind, type, key, location, count = pid
              assert kind == "storage" and location == "cpu" and isinstance(key, str)
              return type, key, count

      path = sys.argv[1]
      archive = zipfile.ZipFile(path)
      assert archive.testzip() is None
      prefix = archive.namelist()[0].split("/")[0] + "/"
      assert archive.read(prefix + "byteorder") == b"little"
      assert int(archive.read(prefix + "version")) == 3
      data = open(path, "rb").read()
      for info in archive.infolist():
          assert info.filename.startswith(prefix)
          assert info.compress_type == zipfile.ZIP_STORED
          assert info.compress_size == info.file_size
          name, extra = struct.unpack("<HH", data[info.header_offset + 26:info.header_offset + 30])
          assert (info.header_offset + 30 + name + extra) % 64 == 0, "not aligned"
      pkl = archive.read(prefix + "data.pkl")
      operations = [(op.name, arg) for op, arg, _ in pickletools.genops(pkl)]
      assert {name for name, _ in operations} <= ALLOWED
      assert operations[0] == ("PROTO", 2)
      tensors = Unpickler(io.BytesIO(pkl)).load()
      for name, (storage, offset, shape, stride, needs_grad, hooks) in tensors.items():
          type, key, count = storage
          values = archive.read(prefix + "data/" + key)
          assert len(values) == count * SIZES[type] and offset == 0 and not needs_grad
          assert hooks == OrderedDict()
          print(name, type, list(shape), list(stride), key, sum(values))
      """;

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

  @Test
  void aRestrictedReaderReadsTheSame() throws IOException {
    Python.assumeModules("pickle", "zipfile");
    List<String> lines = Python.run(RESTRICTED_READER, written("a.pt")).lines().toList();
    assertEquals(everything().size() + 2, lines.size());
    assertTrue(
        lines.getFirst().matches("größe.F64 Double \\[2, 3, 5] \\[15, 5, 1] 0 \\d+"),
        lines.getFirst());
    String whole =
        lines.stream().filter(line -> line.startsWith("long ")).findFirst().orElseThrow();
    assertTrue(lines.contains("again." + whole), "the alias shares the storage");
    int key = 0;
    for (TensorSource tensor : everything()) {
      long sum = 0;
      for (byte b : tensor.bytes().get().toArray(ValueLayout.JAVA_BYTE)) {
        sum += b & 0xFF;
      }
      assertTrue(lines.get(key).endsWith(" " + key + " " + sum), lines.get(key));
      key++;
    }
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
