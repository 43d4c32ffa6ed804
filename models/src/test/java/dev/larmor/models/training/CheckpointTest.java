package dev.larmor.models.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.SafetensorsWriter;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  private static final FiVarNet.Config SMALL =
      new FiVarNet.Config(1, 1, 2, 3, 1, 2, 1, 0, 0.1f, Precision.FP32);

  @TempDir private Path folder;

  private Path file() {
    return folder.resolve("c.safetensors");
  }

  private static List<double[]> values(Network network) {
    return network.model().parameters().stream().map(p -> p.value().toDoubles()).toList();
  }

  private static void assertRefused(String sentence, Executable load) {
    assertEquals(sentence, assertThrows(DataException.class, load).getMessage());
  }

  @Test
  void theFileTellsTheNetwork() {
    List<ModelConfig> configs =
        List.of(
            SMALL,
            FiVarNet.Config.DEFAULT,
            new FiVarNet.Config(2, 0, 2, 2, 1, 2, 1, 1, 0, Precision.BF16),
            new VarNet.Config(1, 2, 1, 2, 1, 0.25f, Precision.FP32));
    for (ModelConfig config : configs) {
      assertEquals(config, NetworkDescription.read(NetworkDescription.write(config)));
    }
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1)) {
      Checkpoint.save(file(), network, null, Map.of("note", "mine"));
      assertEquals(Optional.of(SMALL), Checkpoint.config(file()));
      assertEquals("mine", Checkpoint.load(file(), network, null).get("note"));
    }
  }

  /** Read without the project's own reader, by the format's description. */
  @Test
  void theFileIsSafetensorsToTheLetter() throws IOException {
    long[] elements = {0};
    List<String> names = new ArrayList<>();
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1);
        Adam adam = new Adam(network.model().parameters(), Adam.Config.adam(0.9, 0.99))) {
      Checkpoint.save(file(), network, adam, Map.of());
      for (Parameter p : network.model().parameters()) {
        names.add(p.name());
        elements[0] += p.spec().shape().elements();
        if (!p.frozen()) {
          names.add("optimizer." + p.name() + ".m");
          names.add("optimizer." + p.name() + ".v");
        }
      }
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file())).order(ByteOrder.LITTLE_ENDIAN);
    long headerBytes = bytes.getLong();
    byte[] text = new byte[(int) headerBytes];
    bytes.get(text);
    assertEquals('{', text[0]);
    JsonNode header = new ObjectMapper().readTree(new String(text, StandardCharsets.UTF_8));
    for (JsonNode value : header.get("__metadata__")) {
      assertTrue(value.isTextual());
    }
    boolean[] used = new boolean[bytes.remaining()];
    List<String> found = new ArrayList<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (entry.getKey().equals("__metadata__")) {
        continue;
      }
      found.add(entry.getKey());
      long size = entry.getValue().get("dtype").asText().equals("F64") ? 8 : 4;
      for (JsonNode extent : entry.getValue().get("shape")) {
        size *= extent.asLong();
      }
      int begin = entry.getValue().get("data_offsets").get(0).asInt();
      int end = entry.getValue().get("data_offsets").get(1).asInt();
      assertEquals(size, end - begin, entry.getKey());
      for (int i = begin; i < end; i++) {
        assertTrue(!used[i], "overlap in " + entry.getKey());
        used[i] = true;
      }
    }
    for (boolean byteUsed : used) {
      assertTrue(byteUsed, "a gap");
    }
    names.sort(null);
    found.sort(null);
    assertEquals(names, found);
    assertTrue(found.contains("sens_net.norm_unet.unet.down_sample_layers.0.layers.0.weight"));
  }

  @Test
  void weightsAndMomentsComeBack() {
    try (Device device = Device.open(DEVICE);
        Network saved = Network.place(device, SMALL, 1);
        Network other = Network.place(device, SMALL, 2);
        Adam adam = new Adam(other.model().parameters(), Adam.Config.adam(0.9, 0.99));
        Adam savedAdam = new Adam(saved.model().parameters(), Adam.Config.adam(0.9, 0.99))) {
      savedAdam.steps(17);
      Checkpoint.save(file(), saved, savedAdam, Map.of());
      Checkpoint.load(file(), other, adam);
      List<double[]> expected = values(saved);
      List<double[]> actual = values(other);
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i), actual.get(i), 1e-7);
      }
      assertEquals(17, adam.steps());
    }
  }

  @Test
  void anotherNetworkIsRefusedAndNothingIsTouched() {
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1);
        Network wider =
            Network.place(
                device, new FiVarNet.Config(1, 1, 2, 4, 1, 2, 1, 0, 0, Precision.FP32), 2);
        Network other =
            Network.place(device, new VarNet.Config(1, 2, 1, 2, 1, 0, Precision.FP32), 3);
        Adam adam = new Adam(network.model().parameters(), Adam.Config.adam(0.9, 0.99))) {
      Checkpoint.save(file(), network, null, Map.of());
      double[] before = values(wider).getLast();
      assertRefused(
          file() + ": is a checkpoint of another network: unet_chans is 3 there, 4 here",
          () -> Checkpoint.load(file(), wider, null));
      assertRefused(
          file() + ": is a checkpoint of another network: network is fivarnet there, varnet here",
          () -> Checkpoint.load(file(), other, null));
      assertArrayEquals(before, values(wider).getLast());
      assertRefused(
          file() + ": holds weights alone, no optimiser state to resume from",
          () -> Checkpoint.load(file(), network, adam));
    }
  }

  /** Dropout and precision are a matter of use, not of weights. */
  @Test
  void anotherUseOfTheSameWeights() {
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1);
        Network exact =
            Network.place(
                device, new FiVarNet.Config(1, 1, 2, 3, 1, 2, 1, 0, 0, Precision.BF16), 2)) {
      Checkpoint.save(file(), network, null, Map.of());
      Checkpoint.load(file(), exact, null);
      assertArrayEquals(values(network).getLast(), values(exact).getLast(), 1e-7);
    }
  }

  /** Files of other programs: weights alone, no word on the network, parameters by two names. */
  @Test
  void aFileOfAnotherProgram() {
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1);
        Network copy = Network.place(device, SMALL, 2)) {
      Checkpoint.save(file(), network, null, Map.of());
      List<TensorSource> tensors = new ArrayList<>();
      Path foreign = folder.resolve("foreign.safetensors");
      try (SafetensorsReader reader = SafetensorsReader.open(file())) {
        for (String name : reader.names()) {
          tensors.add(source(reader, name, name));
        }
        network
            .model()
            .aliases()
            .forEach((alias, name) -> tensors.add(source(reader, alias, name)));
        SafetensorsWriter.write(foreign, Map.of(), tensors);
        assertEquals(Optional.empty(), Checkpoint.config(foreign));
        Checkpoint.load(foreign, copy, null);
        assertArrayEquals(values(network).getLast(), values(copy).getLast(), 1e-7);

        tensors.removeLast();
        tensors.add(source(reader, tensors.getFirst().name() + ".x", tensors.getFirst().name()));
        SafetensorsWriter.write(foreign, Map.of(), tensors);
        assertRefused(
            foreign
                + ": is not a checkpoint of fivarnet_f1_i1_attn0_c2_s2, which has no tensor '"
                + tensors.getFirst().name()
                + ".x'",
            () -> Checkpoint.load(foreign, copy, null));
        String removed = tensors.removeFirst().name();
        SafetensorsWriter.write(foreign, Map.of(), tensors);
        assertRefused(
            foreign
                + ": is not a checkpoint of fivarnet_f1_i1_attn0_c2_s2: no tensor '"
                + removed
                + "'",
            () -> Checkpoint.load(foreign, copy, null));
      }
    }
  }

  private static TensorSource source(SafetensorsReader reader, String name, String contents) {
    SafetensorsReader.Entry entry = reader.entry(contents);
    return new TensorSource(name, entry.type(), entry.shape(), () -> reader.bytes(contents));
  }

  @Test
  void sharedTensorsThatDiffer() {
    try (Device device = Device.open(DEVICE);
        Network network = Network.place(device, SMALL, 1)) {
      Checkpoint.save(file(), network, null, Map.of());
      Path foreign = folder.resolve("foreign.safetensors");
      String alias = "feature_cascades.0.decoder.decoder.bias";
      try (SafetensorsReader reader = SafetensorsReader.open(file())) {
        List<TensorSource> tensors = new ArrayList<>();
        for (String name : reader.names()) {
          tensors.add(source(reader, name, name));
        }
        tensors.add(
            new TensorSource(
                alias, ElementType.F32, new long[] {2}, () -> MemorySegment.ofArray(new byte[8])));
        SafetensorsWriter.write(foreign, Map.of(), tensors);
      }
      assertRefused(
          foreign
              + ": tensors '"
              + alias
              + "' and 'decoder.decoder.bias' are one in this network, but differ",
          () -> Checkpoint.load(foreign, network, null));
    }
  }

  @Test
  void aNetworkOfALaterVersion() {
    Path later = folder.resolve("later.safetensors");
    SafetensorsWriter.write(
        later, Map.of("network", "{\"network\":\"fivarnet\",\"experts\":4}"), List.of());
    String message = assertThrows(DataException.class, () -> Checkpoint.config(later)).getMessage();
    assertTrue(
        message.startsWith(later + ": its network cannot be built by this version: "), message);
    SafetensorsWriter.write(later, Map.of("network", "{\"network\":\"unet\"}"), List.of());
    assertRefused(
        later + ": its network cannot be built by this version: unknown network unet",
        () -> Checkpoint.config(later));
  }
}
