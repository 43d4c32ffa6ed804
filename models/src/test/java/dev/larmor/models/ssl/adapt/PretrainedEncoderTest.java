package dev.larmor.models.ssl.adapt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchWriter;
import dev.larmor.models.checkpoint.SafetensorsWriter;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualClassifier;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.SimClr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PretrainedEncoderTest {
  private static final ResidualEncoder.Config MINI =
      new ResidualEncoder.Config(
          1, List.of(4, 8, 16, 32, 40, 40), List.of(1, 2, 1, 1, 1, 1), Precision.FP32);
  private static final String STEM = "encoder.stem.convs.0.conv.weight";

  @TempDir private static Path folder;

  private static Device device;
  private static SimClr trained;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
    trained = new SimClr(new SimClr.Config(MINI, 32, 32));
    trained.place(device, Philox.of(1, "trained"));
  }

  @AfterAll
  static void close() {
    trained.close();
    device.close();
  }

  private static ModelState state(Module module) {
    return new ModelState("mini", module, null);
  }

  /** A PyTorch file of the trained network's tensors under names of their own, and aliases. */
  private static Path pth(String file, UnaryOperator<String> name, Map<String, String> aliases) {
    Path path = folder.resolve(file);
    state(trained)
        .write(sources ->
            PyTorchWriter.write(
                path, sources.stream().map(s -> s.named(name.apply(s.name()))).toList(), aliases));
    return path;
  }

  private static String second(String name) {
    return name.replace(".conv.", ".all_modules.0.").replace(".norm.", ".all_modules.1.");
  }

  /** Every parameter's second name, to its first. */
  private static Map<String, String> aliases() {
    Map<String, String> aliases = new LinkedHashMap<>();
    for (Parameter parameter : trained.parameters()) {
      if (!second(parameter.name()).equals(parameter.name())) {
        aliases.put(second(parameter.name()), parameter.name());
      }
    }
    return aliases;
  }

  private static Map<String, float[]> encoder(Module network) {
    Map<String, float[]> values = new LinkedHashMap<>();
    for (Parameter parameter : network.parameters()) {
      if (parameter.name().startsWith("encoder.")) {
        values.put(parameter.name(), parameter.value().toFloats());
      }
    }
    return values;
  }

  private static void assertLoads(Path file) {
    PretrainedEncoder pretrained = new PretrainedEncoder(file);
    assertEquals(MINI, pretrained.config(Precision.FP32));
    assertEquals(Precision.BF16, pretrained.config(Precision.BF16).precision());
    for (Module network :
        List.of(
            new ResidualUnet(MINI, 2),
            new ResidualClassifier(MINI, 3, 0),
            new SimClr(new SimClr.Config(MINI, 8, 8)))) {
      try (network) {
        network.place(device, Philox.of(2, "new"));
        pretrained.loadInto(network);
        Map<String, float[]> expected = encoder(trained);
        Map<String, float[]> found = encoder(network);
        assertEquals(expected.keySet(), found.keySet());
        expected.forEach((name, values) -> assertArrayEquals(values, found.get(name), name));
      }
    }
  }

  @Test
  void ownCheckpoint() {
    Path file = folder.resolve("own.safetensors");
    try (Adam adam = new Adam(trained.parameters(), Adam.Config.adam(0.9, 0.999))) {
      new ModelState("mini", trained, adam).save(file, Map.of("epoch", "3"));
    }
    assertLoads(file);
  }

  @Test
  void pytorchWithEitherNameOrBoth() {
    assertLoads(pth("first.pth", UnaryOperator.identity(), Map.of()));
    assertLoads(pth("second.pth", PretrainedEncoderTest::second, Map.of()));
    assertLoads(pth("both.pth", UnaryOperator.identity(), aliases()));
    assertLoads(pth("parallel.pth", name -> "module." + name, Map.of()));
  }

  @Test
  void otherElementTypes() {
    Path file = folder.resolve("half.safetensors");
    List<TensorSource> tensors = new ArrayList<>();
    for (Parameter parameter : trained.parameters()) {
      float[] values = parameter.value().toFloats();
      boolean wide = parameter.spec().shape().rank() == 1;
      ElementType type = wide ? ElementType.F64 : ElementType.BF16;
      ByteBuffer bytes =
          ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      for (float v : values) {
        if (wide) {
          bytes.putDouble(v);
        } else {
          bytes.putShort((short) (Float.floatToRawIntBits(v) >>> 16));
        }
      }
      MemorySegment all = MemorySegment.ofArray(bytes.array());
      tensors.add(
          new TensorSource(parameter.name(), type, parameter.spec().shape().dims(), () -> all));
    }
    SafetensorsWriter.write(file, Map.of(), tensors);
    try (ResidualUnet network = new ResidualUnet(MINI, 2)) {
      network.place(device, Philox.of(2, "new"));
      new PretrainedEncoder(file).loadInto(network);
      Map<String, float[]> found = encoder(network);
      encoder(trained)
          .forEach((name, values) -> {
            boolean wide = name.contains("norm") || name.endsWith("bias");
            for (int i = 0; i < values.length; i++) {
              int bits = Float.floatToRawIntBits(values[i]);
              float kept = wide ? values[i] : Float.intBitsToFloat(bits & 0xFFFF0000);
              assertEquals(kept, found.get(name)[i], name);
            }
          });
    }
  }

  /** Equal channels give what one channel gave, for each output channel on its own. */
  @Test
  void moreChannels() {
    Path file = pth("channels.pth", UnaryOperator.identity(), Map.of());
    ResidualEncoder.Config three =
        new ResidualEncoder.Config(3, MINI.features(), MINI.blocks(), Precision.FP32);
    try (ResidualUnet network = new ResidualUnet(three, 2)) {
      network.place(device, Philox.of(2, "new"));
      new PretrainedEncoder(file).loadInto(network);
      Map<String, float[]> expected = encoder(trained);
      Map<String, float[]> found = encoder(network);
      float[] one = expected.remove(STEM);
      float[] all = found.remove(STEM);
      assertEquals(3 * one.length, all.length);
      for (int out = 0; out < 4; out++) {
        for (int channel = 0; channel < 3; channel++) {
          for (int tap = 0; tap < 27; tap++) {
            assertEquals(one[out * 27 + tap] / 3, all[(out * 3 + channel) * 27 + tap], 0);
          }
        }
      }
      expected.forEach((name, values) -> assertArrayEquals(values, found.get(name), name));
    }
  }

  private static void assertRefused(Path file, ResidualEncoder.Config config, String sentence) {
    try (ResidualUnet network = new ResidualUnet(config, 2)) {
      network.place(device, Philox.of(2, "new"));
      Map<String, float[]> before = encoder(network);
      DataException e =
          assertThrows(DataException.class, () -> new PretrainedEncoder(file).loadInto(network));
      assertEquals(file + ": " + sentence, e.getMessage());
      Map<String, float[]> after = encoder(network);
      before.forEach((name, values) -> assertArrayEquals(values, after.get(name), name));
    }
  }

  private static ResidualEncoder.Config like(int channels, int last, int blocks) {
    return new ResidualEncoder.Config(
        channels, List.of(4, 8, 16, 32, 40, last), List.of(1, blocks, 1, 1, 1, 1), Precision.FP32);
  }

  @Test
  void whatDoesNotFit() {
    Path file = pth("fits.pth", UnaryOperator.identity(), Map.of());
    String deepest = "encoder.stages.5.blocks.0.conv1.conv.";
    assertRefused(
        file,
        like(1, 44, 2),
        "tensor '%sweight' is F32[40, 40, 3, 3, 3], in the network it is F32[44, 40, 3, 3, 3]"
            .formatted(deepest));
    assertRefused(
        file,
        like(1, 40, 3),
        "has no tensor 'encoder.stages.1.blocks.2.conv1.conv.weight', which is F32[8, 8, 3, 3, 3] in the network");
    assertRefused(
        file,
        like(1, 40, 1),
        "has a tensor 'encoder.stages.1.blocks.1.conv1.conv.bias' F32[8], which the network has not");
    Path two = folder.resolve("two.safetensors");
    try (ResidualUnet network = new ResidualUnet(like(2, 40, 2), 2)) {
      network.place(device, Philox.of(2, "new"));
      state(network).save(two, Map.of());
      assertEquals(2, new PretrainedEncoder(two).config(Precision.FP32).channels());
    }
    assertRefused(
        two,
        like(3, 40, 2),
        "tensor '%s' is F32[4, 2, 3, 3, 3], in the network it is F32[4, 3, 3, 3, 3]"
            .formatted(STEM));
  }

  private static void assertUnknown(Path file, String sentence) {
    DataException e =
        assertThrows(DataException.class, () -> new PretrainedEncoder(file).config(Precision.FP32));
    assertEquals(file + ": " + sentence, e.getMessage());
  }

  @Test
  void whatIsNoEncoder() {
    String known = "is of no encoder known here: ";
    assertUnknown(
        pth("none.pth", name -> "x" + name, Map.of()),
        "has no encoder: no tensor's name begins with 'encoder.'");
    assertUnknown(
        pth("vit.pth", name -> name.replace("encoder.stem", "encoder.eva"), Map.of()),
        known + "its tensor '" + STEM + "' is missing, expected one of 5 axes");
    assertUnknown(
        pth("plain.pth", name -> name.replace(".blocks.", ".convs."), Map.of()),
        known + "it has no tensor 'encoder.stages.0.blocks.0.conv1.conv.weight'");
    // Without an average pool before it, the projection is the skip connection's first part.
    assertUnknown(
        pth(
            "stride.pth",
            name -> name.replace("stages.1.blocks.0.skip.1", "stages.1.blocks.0.skip.0"),
            Map.of()),
        "has no tensor 'encoder.stages.1.blocks.0.skip.1.conv.weight', which is F32[8, 4, 1, 1, 1] in the encoder with features [4, 8, 16, 32, 40, 40] and blocks [1, 2, 1, 1, 1, 1]");
    assertUnknown(
        pth(
            "bare.pth",
            UnaryOperator.identity(),
            Map.of("encoder.stem.convs.1.conv.bias", "encoder.stem.convs.0.conv.bias")),
        "has a tensor 'encoder.stem.convs.1.conv.bias' F32[4], which the encoder with features [4, 8, 16, 32, 40, 40] and blocks [1, 2, 1, 1, 1, 1] has not");
  }

  @Test
  void twoNamesOfOneMustAgree() {
    Path file = folder.resolve("differ.pth");
    state(trained)
        .write(sources -> {
          List<TensorSource> all = new ArrayList<>(sources);
          TensorSource stem =
              sources.stream().filter(s -> s.name().equals(STEM)).findFirst().orElseThrow();
          all.add(
              new TensorSource(
                  second(STEM),
                  stem.type(),
                  stem.shape(),
                  () -> {
                    byte[] bytes = stem.bytes().get().toArray(ValueLayout.JAVA_BYTE);
                    bytes[5]++;
                    return MemorySegment.ofArray(bytes);
                  }));
          PyTorchWriter.write(file, all, Map.of());
        });
    assertNotEquals(STEM, second(STEM));
    assertUnknown(
        file,
        "tensors '%s' and '%s' are one in this network, but differ".formatted(STEM, second(STEM)));
  }
}
