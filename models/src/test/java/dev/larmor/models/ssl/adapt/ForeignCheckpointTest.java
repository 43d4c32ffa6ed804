package dev.larmor.models.ssl.adapt;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.Python;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchReader;
import dev.larmor.models.checkpoint.PyTorchWriter;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.resenc.ResidualUnet;
import dev.larmor.models.simclr.SimClr;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checkpoints to nnSSL and back. */
final class ForeignCheckpointTest {
  private static final ResidualEncoder.Config MINI =
      new ResidualEncoder.Config(
          1, List.of(4, 8, 16, 32, 40, 40), List.of(1, 2, 1, 1, 1, 1), Precision.FP32);
  private static final SimClr.Config NETWORK = new SimClr.Config(MINI, 32, 24);
  private static final Adam.Config ADAM = Adam.Config.adam(0.9, 0.999);
  private static final String PLAN = AdaptationPlanTest.of(MINI).json();

  /** A run's folder: a checkpoint after 3 of 4 epochs, and its tables. */
  @TempDir private static Path run;

  @TempDir private Path folder;

  private static Device device;
  private static Path checkpoint;

  @BeforeAll
  static void train() throws IOException {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
    checkpoint = run.resolve("checkpoint_latest.safetensors");
    try (SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      try (Adam adam = new Adam(network.parameters(), ADAM)) {
        Philox draws = Philox.of(2, "moments");
        adam.state()
            .forEach((name, moment) -> {
              float[] values = new float[(int) moment.shape().elements()];
              Philox own = draws.with(name);
              for (int i = 0; i < values.length; i++) {
                values[i] = own.below(1 << 20, i) * 0x1p-24f;
              }
              moment.upload(MemorySegment.ofArray(values));
            });
        adam.steps(825);
        new ModelState("mini", network, adam)
            .save(
                checkpoint,
                Map.of(
                    "epoch",
                    "3",
                    "loss_scale",
                    "0x1.0p17",
                    "good_steps",
                    "12",
                    "skipped_steps",
                    "2",
                    "init_args",
                    "{\"configuration_name\": \"onemmiso\", \"crop_size\": null}",
                    AdaptationPlan.KEY,
                    PLAN));
      }
    }
    Files.writeString(
        run.resolve("epochs.csv"),
        """
        epoch,learning_rate,skipped,loss,accuracy,held_out_loss
        0,3.0E-4,0,4.5,0.1,4.6
        1,2.5E-4,0,4.25,0.2,4.5
        2,2.0E-4,0,4.0,0.3,4.4
        3,1.0E-4,0,3.5,0.4,4.3
        """);
    Files.writeString(
        run.resolve("times.csv"),
        "epoch,start,end,seconds\n0,100,110,10.0\n1,110,120,10.0\n2,120,130,10.0\n3,130,140,1\n");
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** The checkpoint as a .pth file. */
  private Path exported() {
    Path file = folder.resolve("a.pth");
    CheckpointExport.run(checkpoint, Optional.empty(), file);
    return file;
  }

  private static void assertSameState(Path own) {
    try (SimClr first = new SimClr(NETWORK);
        SimClr second = new SimClr(NETWORK)) {
      first.place(device, Philox.of(3, "a"));
      second.place(device, Philox.of(4, "b"));
      try (Adam a = new Adam(first.parameters(), ADAM);
          Adam b = new Adam(second.parameters(), ADAM)) {
        new ModelState("mini", first, a).load(checkpoint, metadata -> {});
        new ModelState("mini", second, b).load(own, metadata -> {});
        assertEquals(825, b.steps());
        for (int i = 0; i < first.parameters().size(); i++) {
          Parameter parameter = first.parameters().get(i);
          assertArrayEquals(
              parameter.value().toFloats(),
              second.parameters().get(i).value().toFloats(),
              parameter.name());
        }
        a.state()
            .forEach((name, moment) ->
                assertArrayEquals(moment.toFloats(), b.state().get(name).toFloats(), name));
      }
    }
  }

  @Test
  void thereAndBackToTheBit() throws IOException {
    Path file = folder.resolve("there.pth");
    CheckpointExport.Result there = CheckpointExport.run(checkpoint, Optional.empty(), file);
    try (SimClr network = new SimClr(NETWORK)) {
      assertEquals(
          new CheckpointExport.Result(network.parameterCount(), 2 * 76 - 4, 825, List.of()), there);
    }
    Path own = folder.resolve("back.safetensors");
    CheckpointImport.Result back = CheckpointImport.run(file, own);
    assertEquals(
        new CheckpointImport.Result(
            there.parameters(), true, 825, List.of("grad_scaler_state", "init_args", "citations")),
        back);
    assertSameState(own);
    Map<String, String> metadata = ModelState.metadata(own);
    assertEquals("there.pth", metadata.get("imported_from"));
    assertEquals("3", metadata.get("epoch"));
    assertEquals("32", metadata.get("hidden"));
    assertEquals("24", metadata.get("embedding"));
    assertEquals(
        "{\"channels\":1,\"features\":[4,8,16,32,40,40],\"blocks\":[1,2,1,1,1,1]}",
        metadata.get("encoder"));
    assertEquals(PLAN, metadata.get(AdaptationPlan.KEY));

    // Once more there: nothing is lost but what was told.
    Path again = folder.resolve("again.pth");
    assertEquals(List.of(), CheckpointExport.run(own, Optional.empty(), again).missing());
    try (PyTorchReader first = PyTorchReader.open(file);
        PyTorchReader second = PyTorchReader.open(again)) {
      assertEquals(first.json("logging"), second.json("logging"));
      assertEquals(first.json(AdaptationPlan.KEY), second.json(AdaptationPlan.KEY));
      assertEquals(first.tensors().keySet(), second.tensors().keySet());
    }
  }

  /** A file that PyTorch itself wrote; what it computed of a volume, make.py tells beside it. */
  @Test
  void theirs() throws IOException, URISyntaxException {
    Path file = Path.of(ForeignCheckpointTest.class.getResource("theirs.pth").toURI());
    Path own = folder.resolve("ours.safetensors");
    assertEquals(List.of("init_args"), CheckpointImport.run(file, own).leftOut());
    ResidualEncoder.Config encoder = new PretrainedEncoder(own).config(Precision.FP32);
    assertEquals(
        new ResidualEncoder.Config(1, List.of(2, 3), List.of(1, 2), Precision.FP32), encoder);
    try (SimClr network = new SimClr(new SimClr.Config(encoder, 4, 3))) {
      network.place(device, Philox.of(1, "overwritten"));
      try (Adam adam = new Adam(network.parameters(), ADAM)) {
        new ModelState("theirs", network, adam).load(own, metadata -> {});
        assertEquals(3, adam.steps());
        assertArrayEquals(
            new float[] {-0.0035285708f, -0.20933263f, 0.13208985f},
            adam.state().get("projector.layer2.0.bias.m").toFloats());
      }
      double[] volume = new double[512];
      for (int i = 0; i < volume.length; i++) {
        volume[i] = Math.sin(0.1 * i);
      }
      TensorSpec spec = TensorSpec.of(DType.F32, 1, 1, 8, 8, 8);
      assertArrayEquals(
          new double[] {0.13437016308307648, -0.082867830991745, 0.14602108299732208},
          Scope.run(() -> network.apply(device.fromDoubles(spec, volume)).toDoubles()),
          1e-5);
    }
    // Beside other tables, an imported checkpoint still has its own course.
    Files.copy(run.resolve("epochs.csv"), folder.resolve("epochs.csv"));
    Path again = folder.resolve("again.pth");
    CheckpointExport.run(own, Optional.empty(), again);
    try (PyTorchReader first = PyTorchReader.open(file);
        PyTorchReader second = PyTorchReader.open(again)) {
      assertEquals(List.copyOf(first.tensors().keySet()), List.copyOf(second.tensors().keySet()));
      assertEquals(first.json("logging"), second.json("logging"));
      assertEquals(
          "{\"recommended_downstream_patchsize\":[160,160,160],\"pretrain_patch_size\":[160,160,160]}",
          second.json(AdaptationPlan.KEY).orElseThrow().toString());
    }
  }

  /** Every parameter of the published network has its names, 452 together. */
  @Test
  void namesOfThePublishedNetwork() {
    try (Device meta = Device.open("meta:cpu");
        SimClr network = new SimClr(SimClr.Config.DEFAULT)) {
      network.place(meta, Philox.of(0, "names"));
      Set<String> names = new HashSet<>();
      for (Parameter parameter : network.parameters()) {
        names.add(parameter.name());
        EncoderNames.alias(parameter.name())
            .ifPresent(alias -> {
              names.add(alias);
              assertEquals(parameter.name(), EncoderNames.own(alias));
            });
      }
      assertEquals(228, network.parameters().size());
      assertEquals(452, names.size());
    }
  }

  /** As a reader sees it that allows no more than torch.load(weights_only=True). */
  @Test
  void whatTheRestrictedReaderSees() throws IOException {
    Python.assumeModules("pickle", "zipfile");
    String script;
    try (InputStream in = PyTorchWriter.class.getResourceAsStream("restricted.py")) {
      script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    JsonNode all = new ObjectMapper().readTree(Python.run(script, exported()));
    List<String> keys = new ArrayList<>();
    all.fieldNames().forEachRemaining(keys::add);
    assertEquals(
        List.of(
            "network_weights",
            "optimizer_state",
            "grad_scaler_state",
            "logging",
            "_best_ema",
            "current_epoch",
            "init_args",
            "trainer_name",
            "nnssl_adaptation_plan",
            "citations"),
        keys);

    JsonNode weights = all.get("network_weights");
    List<String> names = new ArrayList<>();
    weights.fieldNames().forEachRemaining(names::add);
    String stem = "encoder.stem.convs.0.";
    assertEquals(
        List.of(
            stem + "conv.weight",
            stem + "conv.bias",
            stem + "norm.weight",
            stem + "norm.bias",
            stem + "all_modules.0.weight",
            stem + "all_modules.0.bias",
            stem + "all_modules.1.weight",
            stem + "all_modules.1.bias",
            "encoder.stages.0.blocks.0.conv1.conv.weight"),
        names.subList(0, 9));
    assertEquals("projector.layer2.0.bias", names.getLast());
    assertEquals(148, names.size());
    // The text of a tensor has its storage's number: names share it.
    assertEquals(weights.get(stem + "conv.weight"), weights.get(stem + "all_modules.0.weight"));
    Set<JsonNode> storages = new HashSet<>();
    weights.forEach(storages::add);
    assertEquals(76, storages.size());

    JsonNode optimizer = all.get("optimizer_state");
    JsonNode state = optimizer.get("state");
    assertEquals(76, state.size());
    assertTrue(state.get("0").get("exp_avg").asText().startsWith("Float [4, 1, 3, 3, 3]"));
    // 825 as a float is 0x444E4000, and each count has a storage of its own.
    assertTrue(state.get("75").get("step").asText().matches("Float \\[] \\[] \\d+ 210"));
    Set<String> counts = new HashSet<>();
    state.forEach(kept -> counts.add(kept.get("step").asText()));
    assertEquals(76, counts.size());
    StringBuilder numbers = new StringBuilder("0");
    for (int i = 1; i < 76; i++) {
      numbers.append(',').append(i);
    }
    assertEquals(
        "[{\"lr\":2.0E-4,\"betas\":{\"tuple\":[0.9,0.999]},\"eps\":1.0E-8,\"weight_decay\":0,\"amsgrad\":false,\"maximize\":false,\"foreach\":null,\"capturable\":false,\"differentiable\":false,\"fused\":null,\"initial_lr\":3.0E-4,\"params\":[%s]}]"
            .formatted(numbers),
        optimizer.get("param_groups").toString());

    assertEquals(
        "{\"scale\":131072.0,\"growth_factor\":2.0,\"backoff_factor\":0.5,\"growth_interval\":2000,\"_growth_tracker\":12}",
        all.get("grad_scaler_state").toString());
    assertEquals(
        "{\"train_losses\":[4.5,4.25,4.0],\"val_losses\":[4.6,4.5,4.4],\"lrs\":[3.0E-4,2.5E-4,2.0E-4],\"epoch_start_timestamps\":[100.0,110.0,120.0],\"epoch_end_timestamps\":[110.0,120.0,130.0]}",
        all.get("logging").toString());
    assertTrue(all.get("_best_ema").isNull());
    assertEquals(3, all.get("current_epoch").asInt());
    assertEquals(
        "{\"configuration_name\":\"onemmiso\",\"crop_size\":null}",
        all.get("init_args").toString());
    assertEquals("SimCLRTrainer", all.get("trainer_name").asText());
    assertEquals(new ObjectMapper().readTree(PLAN), all.get("nnssl_adaptation_plan"));
    assertEquals(2, all.get("citations").size());
  }

  @Test
  void aCheckpointThatKnowsLittle() {
    Path weights = folder.resolve("weights.safetensors");
    try (SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      new ModelState("mini", network, null).save(weights, Map.of());
    }
    Path file = folder.resolve("weights.pth");
    CheckpointExport.Result result = CheckpointExport.run(weights, Optional.empty(), file);
    assertEquals(0, result.steps());
    assertEquals(
        List.of(
            "logging: there is no epochs.csv beside the checkpoint",
            "optimizer_state: the checkpoint holds weights alone",
            "nnssl_adaptation_plan: the checkpoint does not tell it, and nnU-Net's fork needs it: --adaptation-plan gives one"),
        result.missing());
    AdaptationPlanTest.of(MINI).write(folder);
    CheckpointExport.run(weights, Optional.of(folder.resolve(AdaptationPlan.FILE)), file);
    try (PyTorchReader reader = PyTorchReader.open(file)) {
      assertEquals(
          "[160,160,160]",
          reader.json(AdaptationPlan.KEY).orElseThrow().get("pretrain_patch_size").toString());
      assertEquals("0", reader.json("current_epoch").orElseThrow().toString());
      assertTrue(reader.json("optimizer_state").isEmpty());
    }
  }

  /** The tensors of a module, in the order of its parameters, given to a writer. */
  private static void tensors(Module module, Consumer<List<TensorSource>> to) {
    new ModelState("mini", module, null).write(to);
  }

  private static Map<String, TensorSource> byName(List<TensorSource> sources) {
    Map<String, TensorSource> all = new LinkedHashMap<>();
    sources.forEach(source -> all.put(source.name(), source));
    return all;
  }

  /** As nnU-Net saves its networks: the encoder is a part of the decoder once more. */
  @Test
  void aUnet() {
    Path file = folder.resolve("unet.pth");
    Path out = folder.resolve("unet.safetensors");
    try (ResidualUnet network = new ResidualUnet(MINI, 3)) {
      network.place(device, Philox.of(1, "trained"));
      tensors(
          network,
          sources -> {
            Map<String, TensorSource> all = byName(sources);
            sources.stream()
                .filter(s -> s.name().startsWith("encoder."))
                .forEach(s -> all.put("decoder." + s.name(), s));
            Map<String, Object> sgd = new LinkedHashMap<>();
            sgd.put("state", Map.of());
            sgd.put("param_groups", List.of());
            Map<String, Object> content = new LinkedHashMap<>();
            content.put("network_weights", all);
            content.put("optimizer_state", sgd);
            content.put("grad_scaler_state", null);
            content.put("inference_allowed_mirroring_axes", List.of(0, 1, 2));
            PyTorchWriter.write(file, content);
          });
      CheckpointImport.Result result = CheckpointImport.run(file, out);
      assertEquals(
          new CheckpointImport.Result(
              encoderElements(network),
              false,
              0,
              List.of(
                  "%d tensors named 'decoder.…'".formatted(5 * 2 + 5 * 4 + 5 * 2),
                  "optimizer_state, which is not Adam's state of this network, complete",
                  "inference_allowed_mirroring_axes")),
          result);
    }
    assertEquals(MINI, new PretrainedEncoder(out).config(Precision.FP32));
    // What is an encoder alone here is one there.
    Path again = folder.resolve("encoder.pth");
    assertEquals(144, CheckpointExport.run(out, Optional.empty(), again).names());
    assertEquals(MINI, new PretrainedEncoder(again).config(Precision.FP32));
  }

  private static long encoderElements(Module network) {
    return network.parameters().stream()
        .filter(p -> p.name().startsWith("encoder."))
        .mapToLong(p -> p.spec().shape().elements())
        .sum();
  }

  @Test
  void aHeadOfAnotherForm() {
    Path file = folder.resolve("head.pth");
    Path out = folder.resolve("head.safetensors");
    try (SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      tensors(
          network,
          sources -> {
            Map<String, TensorSource> all = byName(sources);
            all.put("projector.layer3.0.weight", all.get("projector.layer2.0.weight"));
            PyTorchWriter.write(file, Map.of("network_weights", all));
          });
      CheckpointImport.Result result = CheckpointImport.run(file, out);
      assertEquals(encoderElements(network), result.parameters());
      assertEquals(
          List.of("5 tensors named 'projector.…', a head of another form"), result.leftOut());
    }
  }

  /** Adam's state counts only if it is there for every parameter, after the same steps. */
  @Test
  void anIncompleteOptimizer() {
    for (int missing = 0; missing < 3; missing++) {
      Path file = folder.resolve("adam.pth");
      Path out = folder.resolve("adam.safetensors");
      int what = missing;
      try (SimClr network = new SimClr(NETWORK)) {
        network.place(device, Philox.of(1, "trained"));
        tensors(network, sources -> PyTorchWriter.write(file, withAdam(sources, what)));
      }
      CheckpointImport.Result result = CheckpointImport.run(file, out);
      assertEquals(missing == 0 ? 5 : 0, result.steps(), "case " + missing);
      assertEquals(
          missing == 0
              ? List.of()
              : List.of("optimizer_state, which is not Adam's state of this network, complete"),
          result.leftOut());
      assertTrue(result.head());
    }
  }

  private static Map<String, Object> withAdam(List<TensorSource> sources, int missing) {
    Map<Object, Object> state = new LinkedHashMap<>();
    List<Integer> numbers = new ArrayList<>();
    for (TensorSource source : sources) {
      int number = numbers.size();
      numbers.add(number);
      if (missing != 1 || number != 7) {
        int step = missing == 2 && number == 7 ? 4 : 5;
        state.put(number, Map.of("step", step, "exp_avg", source, "exp_avg_sq", source));
      }
    }
    Map<String, Object> adam = new LinkedHashMap<>();
    adam.put("state", state);
    adam.put("param_groups", List.of(Map.of("params", numbers)));
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("network_weights", byName(sources));
    content.put("optimizer_state", adam);
    return content;
  }

  private static void assertRefused(Path file, String sentence, Runnable what) {
    assertEquals(file + ": " + sentence, assertThrows(DataException.class, what::run).getMessage());
  }

  @Test
  void refusals() throws IOException {
    Path out = folder.resolve("out");
    assertRefused(
        checkpoint,
        "is a checkpoint of this program already",
        () -> CheckpointImport.run(checkpoint, out));
    Path foreign = exported();
    assertRefused(
        foreign,
        "is no checkpoint of this program",
        () -> CheckpointExport.run(foreign, Optional.empty(), out));
    Path bad = folder.resolve("bad.safetensors");
    try (SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      new ModelState("mini", network, null).save(bad, Map.of(AdaptationPlan.KEY, "{"));
    }
    String message =
        assertThrows(DataException.class, () -> CheckpointExport.run(bad, Optional.empty(), out))
            .getMessage();
    assertTrue(
        message.startsWith(bad + ": metadata 'nnssl_adaptation_plan' is no JSON: "), message);
    Path list = folder.resolve("list.safetensors");
    try (SimClr network = new SimClr(NETWORK)) {
      network.place(device, Philox.of(1, "trained"));
      new ModelState("mini", network, null).save(list, Map.of(AdaptationPlan.KEY, "[1]"));
    }
    assertRefused(
        list,
        "metadata 'nnssl_adaptation_plan' is ARRAY, expected an object",
        () -> CheckpointExport.run(list, Optional.empty(), out));
    Path plan = Files.writeString(folder.resolve("plan.json"), "{\"a\": 1}");
    assertRefused(
        plan,
        "architecture_plans: missing",
        () -> CheckpointExport.run(checkpoint, Optional.of(plan), out));
    Path table = folder.resolve("epochs.csv");
    Files.writeString(table, "epoch,loss\n0,x\n");
    Path here = Files.copy(checkpoint, folder.resolve("here.safetensors"));
    assertRefused(
        table,
        "not a row of this table: 0,x",
        () -> CheckpointExport.run(here, Optional.empty(), out));
    assertTrue(Files.notExists(out));
  }
}
