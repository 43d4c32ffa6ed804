package dev.larmor.models.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PyTorchReaderTest {
  @TempDir Path folder;

  private static Path resource(String name) {
    try {
      return Path.of(PyTorchReaderTest.class.getResource(name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static double[] values(TensorSource tensor) {
    ByteBuffer bytes =
        ByteBuffer.wrap(tensor.bytes().get().toArray(ValueLayout.JAVA_BYTE))
            .order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[bytes.capacity() / tensor.type().bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.type()) {
            case F64 -> bytes.getDouble();
            case F32 -> bytes.getFloat();
            case F16 -> Float.float16ToFloat(bytes.getShort());
            case BF16 -> Float.intBitsToFloat(bytes.getShort() << 16);
            case I64 -> bytes.getLong();
            case I32 -> bytes.getInt();
            case I16 -> bytes.getShort();
            case I8, U8, BOOL -> bytes.get();
            default -> throw new AssertionError(tensor);
          };
    }
    return values;
  }

  // The first file was written by Python's pickler, the second one by libtorch 2.10.
  @ParameterizedTest
  @ValueSource(strings = {"types.pt", "types-libtorch.pt"})
  void everyTypeAndView(String name) {
    try (PyTorchReader file = PyTorchReader.open(resource(name))) {
      Map<String, TensorSource> tensors = file.tensors();
      for (ElementType type : PythonObjects.STORAGES.keySet()) {
        TensorSource tensor = tensors.get(type.name());
        assertEquals(type + "[2, 3]", tensor.toString());
        double[] expected =
            type == ElementType.BOOL
                ? new double[] {0, 1, 0, 1, 0, 1}
                : new double[] {1, 2, 3, 4, 5, 6};
        assertArrayEquals(expected, values(tensor), type.name());
      }
      assertEquals("F32[3, 2]", tensors.get("transposed").toString());
      assertArrayEquals(new double[] {1, 4, 2, 5, 3, 6}, values(tensors.get("transposed")));
      assertArrayEquals(new double[] {2, 3, 5, 6}, values(tensors.get("part")));
      assertArrayEquals(new double[] {4, 5, 6, 4, 5, 6}, values(tensors.get("repeated")));
      assertArrayEquals(new double[] {6}, values(tensors.get("scalar")));
      assertEquals("F32[]", tensors.get("scalar").toString());
      assertEquals("F32[0, 3]", tensors.get("empty").toString());
      assertEquals(0, values(tensors.get("empty")).length);
      assertArrayEquals(new double[] {1, 2, 3, 4, 5, 6}, values(tensors.get("whole")));
      assertEquals(16, tensors.size());
    }
  }

  @Test
  void aTrainingCheckpoint() {
    try (PyTorchReader file = PyTorchReader.open(resource("original.pt"))) {
      List<String> names = List.copyOf(file.tensors().keySet());
      assertEquals("output_scale", names.getFirst());
      assertEquals("feature_cascades.0.output_conv.3.weight", names.getLast());
      assertEquals(
          names.indexOf("feature_cascades.0.dc_weight") + 1,
          names.indexOf("feature_cascades.0.encoder.encoder.0.weight"),
          "the file's order");
      int parameters = names.size() - 4;
      assertEquals(0, file.adam(parameters + 1).map(Map::size).orElse(0));
      var moments = file.adam(parameters).orElseThrow();
      assertEquals(parameters - 1, moments.size());
      assertFalse(moments.containsKey(0), "output_scale has no gradient");
      assertEquals(8, moments.get(1).step());
      double[] weights = values(file.tensors().get(names.get(1)));
      double[] first = values(moments.get(1).first());
      assertEquals(weights[3] / 2, first[3], 1e-7);
    }
  }

  @Test
  void whatStandsBesideTheTensors() throws IOException {
    try (ZipFile zip = new ZipFile(resource("original.pt").toFile())) {
      byte[] pickle = zip.getInputStream(zip.getEntry("original/data.pkl")).readAllBytes();
      Map<?, ?> content =
          (Map<?, ?>)
              Unpickler.read(
                  Path.of("x"), pickle, key -> zip.getEntry("original/data/" + key).getSize());
      assertEquals(4L, content.get("epoch"));
      assertEquals(0.0125, content.get("best_val_loss"));
      assertEquals(0.5, content.get("val_loss"));
      assertEquals(5L, content.get("folds"));
      assertEquals(true, content.get("new_best"));
      assertEquals("../results/x", content.get("exp_dir"));
      assertArrayEquals(new byte[] {-1, 0}, (byte[]) content.get("note"));
      var args = ((PythonObjects.Namespace) content.get("args")).options();
      assertEquals("/root/results/x", args.get("exp_dir"));
      assertEquals(List.of(0.2, 0.999), args.get("betas"));
      assertEquals(BigInteger.TWO.pow(70), args.get("seed"));
      assertEquals(Set.of("ssim", "l1"), args.get("losses"));
      assertTrue(args.containsKey("device") && args.get("device") == null);
    }
  }

  /** A pickle as a string of one character a byte, and storage 0 of six floats. */
  private Path file(String pickle) throws IOException {
    return archive("x/", pickle, Map.of("data/0", new byte[24]));
  }

  private Path archive(String prefix, String pickle, Map<String, byte[]> others)
      throws IOException {
    Path path = folder.resolve("a.pt");
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("data.pkl", pickle.getBytes(StandardCharsets.ISO_8859_1));
    entries.putAll(others);
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(path))) {
      for (Map.Entry<String, byte[]> e : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(prefix + e.getKey());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(e.getValue().length);
        CRC32 crc = new CRC32();
        crc.update(e.getValue());
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(e.getValue());
      }
    }
    return path;
  }

  private static void assertRefused(Path path, String sentence) {
    DataException e =
        assertThrows(
            DataException.class,
            () -> {
              try (PyTorchReader file = PyTorchReader.open(path)) {
                file.tensors();
              }
            });
    assertEquals(path + ": " + sentence, e.getMessage());
  }

  private static final String NEITHER =
      ", which is neither a tensor nor a plain container: refused";

  @Test
  void noCodeIsRun() throws IOException {
    String command = "X\4\0\0\0true\u0085R.";
    assertRefused(file("\u0080\2cos\nsystem\n" + command), "refers to os.system" + NEITHER);
    assertRefused(
        file("\u0080\2c__builtin__\neval\n" + command), "refers to builtins.eval" + NEITHER);
    assertRefused(
        file("\u0080\4\u008C\5posix\u008C\6system\u0093" + command),
        "refers to posix.system" + NEITHER);
    assertRefused(file("\u0080\2ctorch\nload\n" + command), "refers to torch.load" + NEITHER);
    assertRefused(
        file("\u0080\2ctorch.storage\n_load_from_bytes\n" + command),
        "refers to torch.storage._load_from_bytes" + NEITHER);
    // A name with control characters cannot touch the terminal, nor flood it.
    assertRefused(file("cos\n\u001b[2J\n."), "refers to os.?[2J" + NEITHER);
    assertRefused(
        file("cos\n" + "x".repeat(5000) + "\n."), "refers to os." + "x".repeat(97) + "…" + NEITHER);
    for (String opcode :
        List.of("i", "o", "\u0082\1", "\u0083\1\0", "\u0084\1\0\0\0", "P", "\u0092")) {
      assertRefused(
          file("(" + opcode + "os\nsystem\n."),
          "has instruction 0x%02x, which no tensor needs: refused"
              .formatted((int) opcode.charAt(0)));
    }
    // An object whose __setstate__ would run, a class called, a function made an object.
    String dict = "}X\1\0\0\0aK\1s";
    assertRefused(file("K\1" + dict + "b."), "sets the state of an object: refused");
    assertRefused(file("ctorch\nSize\n" + dict + "b."), "sets the state of an object: refused");
    assertRefused(file("K\1)R."), "calls what is no function: refused");
    assertRefused(file("cargparse\nNamespace\n)R."), "calls argparse.Namespace: refused");
    assertRefused(
        file("c_codecs\nencode\n)\u0081."),
        "makes an object that is neither a tensor nor a plain container: refused");
    assertRefused(
        file("c_codecs\nencode\nX\1\0\0\0aX\5\0\0\0rot13\u0086R."),
        "encodes text as rot13: refused");
    assertRefused(
        file("(X\6\0\0\0moduletQ."), "refers to something outside that is no storage: refused");
  }

  /** A tensor of storage 0: its type and elements, and offset, shape and strides as pickled. */
  private static String tensor(String storage, String elements, String layout) {
    return "}X\1\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\n"
        + storage
        + "\nX\1\0\0\0"
        + "0X\3\0\0\0cpu"
        + elements
        + "tQ"
        + layout
        + "\u0089)tRs.";
  }

  private static String i64(long value) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return "\u008A\10" + new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void tensorsStayWithinTheirStorages() throws IOException {
    try (PyTorchReader file =
        PyTorchReader.open(file(tensor("FloatStorage", "K\6", "K\2(K\2t(K\3t")))) {
      assertEquals("F32[2]", file.tensors().get("w").toString());
    }
    String[][] cases = {
      {"K\2(K\2t(K\4t", "[2]", "[4]", "2"},
      {"K\7(t(t", "[]", "[]", "7"},
      {i64(-1) + "(K\1t(K\1t", "[1]", "[1]", "-1"},
      {"K\0(" + i64(-2) + "t(K\1t", "[-2]", "[1]", "0"},
      {"K\5(K\2t(" + i64(-1) + "t", "[2]", "[-1]", "5"},
      {"K\0(K\2K\2t(K\1t", "[2, 2]", "[1]", "0"},
      {
        i64(Long.MAX_VALUE) + "(K\2t(" + i64(Long.MAX_VALUE) + "t",
        "[2]",
        "[" + Long.MAX_VALUE + "]",
        "" + Long.MAX_VALUE
      },
      {
        "K\0(" + i64(1L << 40) + i64(1L << 40) + "t(K\0K\0t",
        "[1099511627776, 1099511627776]",
        "[0, 0]",
        "0"
      },
    };
    for (String[] c : cases) {
      Path file = file(tensor("FloatStorage", "K\6", c[0]));
      String message =
          assertThrows(DataException.class, () -> PyTorchReader.open(file)).getMessage();
      assertEquals(
          "%s: damaged: a tensor F32%s with strides %s from element %s of a storage of 6 (byte N of data.pkl)"
              .formatted(file, c[1], c[2], c[3]),
          message.replaceAll("byte \\d+", "byte N"));
    }
    for (String elements : List.of("K\5", "K\7", i64(-6), i64(1L << 61))) {
      Path file = file(tensor("FloatStorage", elements, "K\0(t(t"));
      String message =
          assertThrows(DataException.class, () -> PyTorchReader.open(file)).getMessage();
      assertTrue(message.startsWith(file + ": "), message);
      assertTrue(message.contains("storage"), message);
    }
    assertRefused(
        file(tensor("DoubleStorage", "K\6", "K\0(t(t")),
        "storage '0' is F64[6], 48 bytes, but the archive has 24 bytes");
    assertRefused(
        archive("x/", tensor("FloatStorage", "K\6", "K\0(t(t"), Map.of()),
        "storage '0' is F32[6], 24 bytes, but the archive has none");
    assertRefused(
        file(tensor("ComplexFloatStorage", "K\3", "K\0(t(t")),
        "refers to torch.ComplexFloatStorage" + NEITHER);
  }

  @Test
  void brokenPickles() throws IOException {
    assertRefused(file(""), "damaged: it ends without a value (byte 0 of data.pkl)");
    assertRefused(file("\u0080\6."), "is of pickle protocol 6, newest known is 5: refused");
    assertRefused(file("."), "damaged: a value is missing (byte 0 of data.pkl)");
    assertRefused(file("(0"), "damaged: a value is missing (byte 1 of data.pkl)");
    assertRefused(file("K\1t."), "damaged: a mark is missing (byte 2 of data.pkl)");
    assertRefused(file("h\5."), "damaged: value 5 is used before it is there (byte 0 of data.pkl)");
    assertRefused(
        file("X\5\0\0\0ab"), "damaged: it ends within an instruction (byte 0 of data.pkl)");
    assertRefused(
        file("X\377\377\377\377ab"), "damaged: a value of 4294967295 bytes (byte 0 of data.pkl)");
    assertRefused(
        file("\u008D" + "\377".repeat(8)),
        "damaged: a value of 18446744073709551615 bytes (byte 0 of data.pkl)");
    assertRefused(
        file("K\1K\2a."), "damaged: a value is appended to what is no list (byte 4 of data.pkl)");
    assertRefused(
        file("]K\1K\2s."),
        "damaged: an entry is set in what is no dictionary (byte 5 of data.pkl)");
    assertRefused(file("}(K\1u."), "damaged: a key has no value (byte 4 of data.pkl)");
    assertRefused(
        file("}]K\2s."), "damaged: a key is neither text nor a number (byte 4 of data.pkl)");
    assertRefused(
        file("ctorch._utils\n_rebuild_tensor_v2\n)R."),
        "damaged: a call without the Storage it needs (byte 34 of data.pkl)");
    assertRefused(file("K\1."), "holds no dictionary of tensors");
    assertRefused(
        file("}X\1\0\0\0aK\1s."),
        "holds no weights at its top level or under model, state_dict, model_state_dict, network_weights");
  }

  /** A list in itself, and a dictionary as its own value: nothing follows the circle. */
  @Test
  void circles() throws IOException {
    String tensor = tensor("FloatStorage", "K\6", "K\0(t(t");
    String body = tensor.substring(1, tensor.length() - 1);
    try (PyTorchReader file =
        PyTorchReader.open(file("}q\0X\5\0\0\0model}" + body + "sK\7]q\1h\1asK\10h\0s."))) {
      assertEquals("F32[]", file.tensors().get("w").toString());
    }
  }

  /** As nnSSL's checkpoints are, which list every image they were trained with. */
  @Test
  void largeFilesThatAskForMuch() throws IOException {
    String numbers = "](" + "G01234567".repeat(1_200_000) + "e";
    String tensor = tensor("FloatStorage", "K\6", "K\0(t(t");
    String weights = tensor.substring(0, tensor.length() - 1); // without the end
    String both = "}X\5\0\0\0model" + weights + "sX\4\0\0\0list" + numbers + "s.";
    try (PyTorchReader file = PyTorchReader.open(file(both))) {
      assertEquals(List.of("w"), List.copyOf(file.tensors().keySet()));
    }
  }

  private void assertAsksForMuch(String pickle) throws IOException {
    assertRefused(
        file(pickle), "takes more than " + (1_000_000 + pickle.length() / 4) + " steps: refused");
  }

  @Test
  void smallFilesThatAskForMuch() throws IOException {
    int many = 1_500_000;
    assertAsksForMuch("}".repeat(many));
    assertAsksForMuch("(".repeat(many));
    assertAsksForMuch(")" + "\u0085".repeat(many)); // a tuple in a tuple in …
    // A list of 10,000 made a set 10,000 times, a text of 1 MB put into a path 1000 times.
    String list = "](" + "N".repeat(10_000) + "eq\0";
    assertAsksForMuch(list + "c__builtin__\nset\nh\0\u0085R".repeat(10_000));
    String megabyte = "X\0\0\20\0" + "x".repeat(1 << 20) + "q\0";
    assertAsksForMuch(megabyte + "cpathlib\nPosixPath\n(" + "h\0".repeat(1000) + "tR.");
    assertAsksForMuch(megabyte + "c_codecs\nencode\nh\0X\6\0\0\0latin1\u0086R".repeat(1000));
    assertRefused(
        file(megabyte + "}h\0Ns."),
        "damaged: a key is neither text nor a number (byte 1048587 of data.pkl)");
    // A bomb: 1 GB of zeros in 1 MB.
    Path bomb = folder.resolve("bomb.pt");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(bomb))) {
      zip.putNextEntry(new ZipEntry("x/data.pkl"));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < 150; i++) {
        zip.write(block);
      }
    }
    assertRefused(bomb, "its data.pkl is larger than 134217728 bytes");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(bomb))) {
      zip.putNextEntry(new ZipEntry("x/data.pkl"));
      zip.write(tensor("FloatStorage", "K\6", "K\0(t(t").getBytes(StandardCharsets.ISO_8859_1));
      zip.putNextEntry(new ZipEntry("x/data/0"));
      zip.write(new byte[24]);
    }
    assertRefused(bomb, "its x/data/0 is compressed, which PyTorch never does");
  }

  @Test
  void otherFiles() throws IOException {
    Path path = folder.resolve("b.pt");
    assertRefused(path, "no such file");
    assertRefused(folder, "not a regular file");
    Files.write(path, new byte[0]);
    assertRefused(path, "not a PyTorch file");
    Files.write(path, "\u0080\2\u008A\nl".getBytes(StandardCharsets.ISO_8859_1));
    String legacy =
        "is in PyTorch's format from before version 1.6; load it with a newer PyTorch and"
            + " torch.save it again";
    assertRefused(path, legacy);
    byte[] tar = new byte[512];
    System.arraycopy("ustar".getBytes(StandardCharsets.US_ASCII), 0, tar, 257, 5);
    Files.write(path, tar);
    assertRefused(path, legacy);
    assertRefused(
        archive("", "N.", Map.of()), "a zip archive, but not PyTorch's: it has no data.pkl");
    assertRefused(
        archive("x/", "N.", Map.of("byteorder", "big".getBytes(StandardCharsets.US_ASCII))),
        "its byte order is not 'little': save it on another machine");
    byte[] whole = Files.readAllBytes(resource("types.pt"));
    for (int length : new int[] {5, 100, 1500, whole.length - 30, whole.length - 1}) {
      Files.write(path, Arrays.copyOf(whole, length));
      String message =
          assertThrows(DataException.class, () -> PyTorchReader.open(path)).getMessage();
      assertTrue(message.startsWith(path + ": damaged zip archive: "), message);
    }
  }

  @Test
  void checksums() throws IOException {
    byte[] whole = Files.readAllBytes(resource("types.pt"));
    Path path = folder.resolve("b.pt");
    String all = new String(whole, StandardCharsets.ISO_8859_1);
    int data = all.indexOf("types/data/0") + "types/data/0".length();
    whole[data + 7] ^= 1;
    Files.write(path, whole);
    try (PyTorchReader file = PyTorchReader.open(path)) {
      Map<String, TensorSource> tensors = file.tensors();
      assertEquals(
          path + ": damaged: the checksum of types/data/0 is wrong",
          assertThrows(DataException.class, () -> tensors.get("F64").bytes().get()).getMessage());
      assertEquals(6, values(tensors.get("F32")).length);
    }
    whole[all.indexOf("_rebuild")] ^= 1;
    Files.write(path, whole);
    assertRefused(path, "damaged: the checksum of types/data.pkl is wrong");
  }

  @Test
  void wherePyTorchProgramsPutWeights() throws IOException {
    String tensor = tensor("FloatStorage", "K\6", "K\0(t(t");
    String weights = tensor.substring(0, tensor.length() - 1);
    String parallel = weights.replace("X\1\0\0\0w", "X\10\0\0\0module.w");
    for (String key : List.of("model", "state_dict", "model_state_dict")) {
      String wrapped = "}X" + (char) key.length() + "\0\0\0" + key + parallel + "s.";
      try (PyTorchReader file = PyTorchReader.open(file(wrapped))) {
        assertEquals(List.of("w"), List.copyOf(file.tensors().keySet()), key);
        assertTrue(file.adam(1).isEmpty());
      }
    }
    assertRefused(
        file(weights + "X\1\0\0\0nK\1s."), "its state dict has an entry 'n' that is no tensor");
  }

  /**
   * Thousands of files with a few bytes changed, and checksums that say nothing: each is read or
   * refused in a sentence.
   */
  @ParameterizedTest
  @CsvSource({"types.pt, 3000", "types-libtorch.pt, 1500", "original.pt, 1000"})
  void mutations(String name, int count) throws IOException {
    byte[] whole = withoutChecksums(Files.readAllBytes(resource(name)));
    Philox draws = Philox.of(2025, "mutations").with(name);
    Path path = folder.resolve("m.pt");
    int read = 0;
    long touched = 0;
    for (int i = 0; i < count; i++) {
      Philox draw = draws.with(i);
      byte[] mutated = whole.clone();
      int changes = 1 + draw.below(4, 0);
      for (int c = 0; c < changes; c++) {
        int at = draw.below(mutated.length, 1 + 3 * c);
        mutated[at] = (byte) draw.below(256, 2 + 3 * c);
      }
      Files.write(path, mutated);
      try (PyTorchReader file = PyTorchReader.open(path)) {
        for (TensorSource tensor : file.tensors().values()) {
          if (tensor.type().bytes(tensor.shape()) < 1 << 20) {
            touched += tensor.bytes().get().byteSize();
          }
        }
        file.adam(47);
        read++;
      } catch (DataException e) {
        assertTrue(e.getMessage().startsWith(path + ": "), e.getMessage());
        assertFalse(e.getMessage().contains("Exception"), e.getMessage());
      }
    }
    assertTrue(read > count / 10 && read < count, read + " of " + count + " could be read");
    assertTrue(touched > 0);
  }

  /** Checksums of zero are not looked at. */
  private static byte[] withoutChecksums(byte[] zip) {
    for (int i = 0; i < zip.length - 4; i++) {
      if (zip[i] == 'P' && zip[i + 1] == 'K' && zip[i + 2] == 1 && zip[i + 3] == 2) {
        Arrays.fill(zip, i + 16, i + 20, (byte) 0);
      }
    }
    return zip;
  }

  /** The pickle alone, where every byte counts. */
  @Test
  void mutatedPickles() throws IOException {
    byte[] pickle;
    Map<String, Long> sizes = new HashMap<>();
    try (ZipFile zip = new ZipFile(resource("original.pt").toFile())) {
      pickle = zip.getInputStream(zip.getEntry("original/data.pkl")).readAllBytes();
      zip.stream().forEach(entry -> sizes.put(entry.getName(), entry.getSize()));
    }
    Philox draws = Philox.of(2025, "pickles");
    int read = 0;
    for (int i = 0; i < 10_000; i++) {
      byte[] mutated = pickle.clone();
      Philox draw = draws.with(i);
      // A third each: bytes changed, a piece cut out, a piece put elsewhere.
      int at = draw.below(mutated.length, 0);
      switch (i % 3) {
        case 0 -> mutated[at] = (byte) draw.below(256, 1);
        case 1 -> {
          int cut = Math.min(1 + draw.below(40, 1), mutated.length - at);
          ByteArrayOutputStream rest = new ByteArrayOutputStream();
          rest.write(mutated, 0, at);
          rest.write(mutated, at + cut, mutated.length - at - cut);
          mutated = rest.toByteArray();
        }
        default -> {
          int length = Math.min(1 + draw.below(40, 1), mutated.length - at);
          int to = draw.below(mutated.length - length + 1, 2);
          System.arraycopy(pickle, at, mutated, to, length);
        }
      }
      try {
        Unpickler.read(
            Path.of("x"), mutated, key -> sizes.getOrDefault("original/data/" + key, -1L));
        read++;
      } catch (DataException e) {
        assertTrue(e.getMessage().startsWith("x: "), e.getMessage());
      }
    }
    assertTrue(read > 1000 && read < 10_000, read + " could be read");
  }
}
