package dev.larmor.models.cli;

import static dev.larmor.models.cli.Program.DEVICE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.models.Phantom;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.PyTorchReader;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.SafetensorsWriter;
import dev.larmor.models.checkpoint.TensorFile;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.cli.Program.Result;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Weights that come from PyTorch and go back to it. */
final class ImportExportCommandTest {
  @TempDir private Path folder;

  private static Path original() {
    try {
      return Path.of(
          ImportExportCommandTest.class
              .getResource("/dev/larmor/models/checkpoint/original.pt")
              .toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private Path imported() {
    Path out = folder.resolve("weights.safetensors");
    Program.run("import", original(), "--out", out).succeeded();
    return out;
  }

  /** Every tensor's type, shape and bytes. */
  private static Map<String, String> content(Path path) {
    Map<String, String> content = new LinkedHashMap<>();
    try (TensorFile file = TensorFile.open(path)) {
      file.tensors()
          .forEach((name, t) ->
              content.put(
                  name,
                  t
                      + " "
                      + ByteBuffer.wrap(t.bytes().get().toArray(ValueLayout.JAVA_BYTE))
                          .hashCode()));
    }
    return content;
  }

  @Test
  void anOriginalCheckpoint() throws IOException {
    Path out = folder.resolve("weights.safetensors");
    Result result = Program.run("import", original(), "--out", out).succeeded();
    assertEquals(
        out + ": fivarnet_f1_i1_attn0_c2_s2, 1,707 parameters, and Adam's state after 8 steps",
        result.out().strip());
    Map<String, String> theirs = content(original());
    Map<String, String> ours = content(out);
    Set<String> missing = new TreeSet<>(theirs.keySet());
    missing.removeAll(ours.keySet());
    assertEquals(4, missing.size(), "only the aliases: " + missing);
    ours.forEach((name, value) -> {
      if (!name.startsWith("optimizer.")) {
        assertEquals(theirs.get(name), value, name);
      }
    });

    Phantom.TINY.writeLeaderboard(folder.resolve("leaderboard"), 1);
    Program.run(
            "reconstruct",
            "--checkpoint",
            out,
            "--data",
            folder.resolve("leaderboard"),
            "--out",
            folder.resolve("r"),
            "--device",
            DEVICE)
        .succeeded();
    assertTrue(Files.exists(folder.resolve("r/acc4/brain_test1.h5")));
    Phantom.TINY.writeDataSet(folder.resolve("data"), 1, 1, 1);
    Program.train(
            folder.resolve("data"),
            folder.resolve("run"),
            "--initial-weights=" + out,
            "--initial-optimizer")
        .succeeded();
  }

  @Test
  void thereAndBack() throws IOException {
    Path checkpoint = imported();
    Map<String, String> weights = content(original());
    for (String name : List.of("w.pt", "w.safetensors", "W.PTH")) {
      Path exported = folder.resolve(name);
      Result result = Program.run("export", checkpoint, "--out", exported).succeeded();
      assertEquals(
          exported + ": fivarnet_f1_i1_attn0_c2_s2, 1,707 parameters", result.out().strip());
      Map<String, String> found = content(exported);
      assertEquals(weights.keySet(), Set.copyOf(found.keySet()), "all names, aliases too");
      assertEquals(weights, found);
      Path again = folder.resolve("again.safetensors");
      String told = Program.run("import", exported, "--out", again).succeeded().out();
      assertTrue(told.contains("no optimiser state"), told);
      Map<String, String> back = content(again);
      Map<String, String> first = content(checkpoint);
      first.keySet().removeIf(key -> key.startsWith("optimizer."));
      assertEquals(first, back);
    }
    try (PyTorchReader file = PyTorchReader.open(folder.resolve("w.pt"))) {
      assertEquals("F64[1]", file.tensors().get("output_scale").toString());
    }
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("w.pt")), Files.readAllBytes(folder.resolve("W.PTH")));
  }

  /** The weights of {@code original.pt} as a safetensors file, changed. */
  private Path foreign(UnaryOperator<TensorSource> change) {
    Path path = folder.resolve("foreign.safetensors");
    try (TensorFile file = TensorFile.open(original())) {
      List<TensorSource> tensors = new ArrayList<>();
      for (TensorSource tensor : file.tensors().values()) {
        TensorSource changed = change.apply(tensor);
        if (changed != null) {
          tensors.add(changed);
        }
      }
      SafetensorsWriter.write(path, Map.of(), tensors);
    }
    return path;
  }

  private void assertRefused(Path file, String sentence, String... options) {
    List<Object> command = new ArrayList<>(List.of("import", file, "--out", folder.resolve("o")));
    command.addAll(List.of(options));
    Program.run(command.toArray()).refused(2, file + ": " + sentence);
    assertTrue(Files.notExists(folder.resolve("o")));
  }

  @Test
  void otherNetworks() {
    assertRefused(
        original(),
        "tensor 'encoder.encoder.0.weight' is F32[2, 2, 5, 5], in fivarnet_f1_i1_attn0_c4_s2 it is"
            + " F32[4, 2, 5, 5]",
        "--chans=4");
    assertRefused(
        original(),
        "has no tensor 'feature_cascades.1.dc_weight', which is F32[1] in"
            + " fivarnet_f2_i1_attn0_c2_s2",
        "--feature-cascades=2");
    assertRefused(
        original(),
        "has a tensor 'image_cascades.0.dc_weight' F32[1], which fivarnet_f1_i0_attn0_c2_s2 has"
            + " not",
        "--image-cascades=0");
    assertRefused(
        foreign(t -> t.named("x." + t.name())),
        "is of no network known here: no tensor's name begins with 'feature_cascades.0.' or"
            + " 'cascades.0.'");
    assertRefused(
        foreign(t -> t.name().equals("encoder.encoder.0.weight") ? null : t),
        "is of no network known here: no convolution 'encoder.encoder.0.weight'");
    assertRefused(
        foreign(t ->
            t.name().equals("feature_cascades.0.decoder.decoder.bias")
                ? new TensorSource(
                    t.name(),
                    ElementType.F32,
                    new long[] {2},
                    () -> MemorySegment.ofArray(new byte[8]))
                : t),
        "tensors 'feature_cascades.0.decoder.decoder.bias' and 'decoder.decoder.bias' are one in"
            + " this network, but differ");
    Path whole =
        foreign(t ->
            t.name().equals("output_scale")
                ? new TensorSource(
                    t.name(),
                    ElementType.I64,
                    new long[] {1},
                    () -> MemorySegment.ofArray(new byte[8]))
                : t);
    assertRefused(
        whole, "tensor 'output_scale' is I64[1], in fivarnet_f1_i1_attn0_c2_s2 it is F64[1]");
  }

  /** Shared parameters under one of their names, in half precision, in double. */
  @Test
  void otherSpellings() {
    Path checkpoint = imported();
    Path out = folder.resolve("o.safetensors");
    Path alone =
        foreign(t -> t.name().startsWith("feature_cascades.0.encoder") ? null : t.named(t.name()));
    Program.run("import", alone, "--out", out).succeeded();
    Map<String, String> expected = content(checkpoint);
    expected.keySet().removeIf(name -> name.startsWith("optimizer."));
    assertEquals(expected, content(out));

    for (ElementType type : List.of(ElementType.F16, ElementType.BF16, ElementType.F64)) {
      Path other = foreign(t -> t.type() == ElementType.F32 ? converted(t, type) : t);
      Program.run("import", other, "--out", out).succeeded();
      try (SafetensorsReader file = SafetensorsReader.open(out);
          SafetensorsReader exact = SafetensorsReader.open(checkpoint)) {
        float[] found = file.floats("sens_net.norm_unet.unet.conv.layers.0.weight");
        float[] wanted = exact.floats("sens_net.norm_unet.unet.conv.layers.0.weight");
        float tolerance =
            switch (type) {
              case F16 -> 2e-4f;
              case BF16 -> 2e-3f;
              default -> 0;
            };
        for (int i = 0; i < wanted.length; i++) {
          assertEquals(wanted[i], found[i], tolerance, type.name());
        }
      }
    }
  }

  private static TensorSource converted(TensorSource tensor, ElementType type) {
    ByteBuffer from =
        ByteBuffer.wrap(tensor.bytes().get().toArray(ValueLayout.JAVA_BYTE))
            .order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer to =
        ByteBuffer.allocate(from.capacity() / 4 * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    while (from.hasRemaining()) {
      float value = from.getFloat();
      switch (type) {
        case F16 -> to.putShort(Float.floatToFloat16(value));
        case BF16 -> to.putShort((short) (Float.floatToIntBits(value) >>> 16));
        default -> to.putDouble(value);
      }
    }
    return new TensorSource(
        tensor.name(), type, tensor.shape(), () -> MemorySegment.ofArray(to.array()));
  }

  @Test
  void misuse() throws IOException {
    Path checkpoint = imported();
    Program.run("import", checkpoint, "--out", folder.resolve("x"))
        .refused(2, checkpoint + ": is a checkpoint of this program already");
    Program.run("export", checkpoint, "--out", folder.resolve("x.onnx"))
        .refused(
            2,
            "--out must end in .pt or .safetensors: "
                + folder.resolve("x.onnx")
                + "; see 'larmor export --help'");
    Path exported = folder.resolve("w.safetensors");
    Program.run("export", checkpoint, "--out", exported).succeeded();
    Program.run("export", exported, "--out", folder.resolve("x.pt"))
        .refused(2, exported + ": does not tell its network; larmor import makes it one that does");
    Path nothing = folder.resolve("nothing.pt");
    Program.run("import", nothing, "--out", folder.resolve("x"))
        .refused(2, nothing + ": no such file");
    Files.writeString(nothing, "weights");
    assertEquals(2, Program.run("import", nothing, "--out", folder.resolve("x")).code());
    Program.run("import", original(), "--out", folder.resolve("x"), "--model=varnet", "--chans=2")
        .refused(
            2,
            original()
                + ": has no tensor 'sens_net.norm_unet.unet.down_sample_layers.1.layers.0.weight',"
                + " which is F32[16, 8, 3, 3] in varnet_i12_c2_s8");
  }
}
