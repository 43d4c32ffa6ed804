package dev.larmor.models.ssl.adapt;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.autograd.LossScale;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchWriter;
import dev.larmor.models.checkpoint.PyTorchWriter.Tuple;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.SavedLossScale;
import dev.larmor.models.checkpoint.StoredState;
import dev.larmor.models.checkpoint.TensorFile;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.ssl.preprocess.plan.IndentedJson;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Writes a checkpoint of the pre-training as nnSSL's trainer would, key by key, so that nnU-Net's
 * fork and the classification framework start from it and nnSSL goes on with it: weights under both
 * names of a unit's parameters, Adam's moments, the loss scale, the course of the training, the
 * adaptation plan. {@code torch.load(weights_only=True)} opens it.
 */
public final class CheckpointExport {
  /**
   * What was written.
   *
   * @param parameters their number
   * @param names of tensors in the state dict
   * @param steps that Adam has taken, 0 without its moments
   * @param missing what nnSSL would have written and the checkpoint does not know, and what it has
   *     that is no part of a pre-trained network; a clause for each
   */
  public record Result(long parameters, int names, long steps, List<String> missing) {}

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<Map<String, Object>> CITATIONS =
      List.of(
          citation(
              "Architecture",
              "ResEnc-L",
              "Isensee, F., Wald, T., Ulrich, C., Baumgartner, M., Roy, S., Maier-Hein, K., & Jaeger,"
                  + " P. F. (2024). nnU-Net revisited: A call for rigorous validation in 3D medical"
                  + " image segmentation. In International Conference on Medical Image Computing and"
                  + " Computer-Assisted Intervention (pp. 488-498). Springer."),
          citation(
              "Pretraining Method",
              "SimCLR",
              "Chen, T., Kornblith, S., Norouzi, M., & Hinton, G. (2020). A simple framework for"
                  + " contrastive learning of visual representations. In International Conference on"
                  + " Machine Learning (pp. 1597-1607). PMLR."));

  /** The published learning rate, for a checkpoint without a table of its rates. */
  private static final double RATE = 3e-4;

  private final Path file;
  private final StoredState state;
  private final PretrainedNetwork network;
  private final long epoch;
  private final List<String> missing = new ArrayList<>();

  private CheckpointExport(SafetensorsReader reader) {
    file = reader.path();
    state = StoredState.of(reader);
    network = PretrainedNetwork.of(file, state.parameters());
    boolean counts = state.metadata().containsKey("epoch");
    epoch = counts ? ModelState.number(file, state.metadata(), "epoch") : 0;
    missing.addAll(network.leftOut());
  }

  private static Map<String, Object> citation(String type, String name, String text) {
    Map<String, Object> citation = new LinkedHashMap<>();
    citation.put("type", type);
    citation.put("name", name);
    citation.put("apa_citations", List.of(text));
    return citation;
  }

  /**
   * Converts a checkpoint.
   *
   * @param plan an adaptation plan to be written instead of the checkpoint's own
   * @param out the file to write or replace
   * @throws DataException if the checkpoint cannot be read, is not of this program, or has no
   *     encoder
   */
  public static Result run(Path checkpoint, Optional<Path> plan, Path out) {
    try (TensorFile file = TensorFile.open(checkpoint)) {
      if (!(file instanceof SafetensorsReader reader)) {
        throw new DataException(checkpoint + ": is no checkpoint of this program");
      }
      return new CheckpointExport(reader).write(plan, out);
    }
  }

  private Result write(Optional<Path> plan, Path out) {
    SequencedMap<String, TensorSource> weights = weights();
    Map<String, List<Double>> curves = curves();
    boolean moments = hasMoments();
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("network_weights", weights);
    all.put("optimizer_state", moments ? optimizer(curves.getOrDefault("lrs", List.of())) : null);
    all.put(
        "grad_scaler_state",
        SavedLossScale.find(file, state.metadata()).map(CheckpointExport::scaler).orElse(null));
    all.put("logging", curves);
    all.put("_best_ema", null);
    all.put("current_epoch", epoch);
    all.put("init_args", plain(json("init_args").orElse(JSON.createObjectNode())));
    all.put("trainer_name", "SimCLRTrainer");
    adaptation(plan).ifPresent(found -> all.put(AdaptationPlan.KEY, plain(found)));
    all.put("citations", CITATIONS);
    PyTorchWriter.write(out, all);
    return new Result(
        network.elements(), weights.size(), moments ? state.steps() : 0, List.copyOf(missing));
  }

  /** The state dict in PyTorch's order: a unit's members, then the same under the second names. */
  private SequencedMap<String, TensorSource> weights() {
    SequencedMap<String, TensorSource> weights = new LinkedHashMap<>();
    SequencedMap<String, TensorSource> again = new LinkedHashMap<>();
    network
        .parameters()
        .forEach((name, tensor) -> {
          TensorSource single = tensor.as(ElementType.F32);
          weights.put(name, single);
          EncoderNames.alias(name).ifPresent(alias -> again.put(alias, single));
          if (name.endsWith(".norm.bias")) {
            weights.putAll(again);
            again.clear();
          }
        });
    return weights;
  }

  private boolean hasMoments() {
    if (state.optimizer().isEmpty()) {
      missing.add("optimizer_state: the checkpoint holds weights alone");
      return false;
    }
    boolean complete =
        state.optimizer().size() == 2 * network.parameters().size()
            && network.parameters().keySet().stream()
                .allMatch(name ->
                    state.optimizer().containsKey(name + ".m")
                        && state.optimizer().containsKey(name + ".v"));
    if (!complete) {
      missing.add("optimizer_state: the checkpoint's is not Adam's of this network, complete");
    }
    return complete;
  }

  /** Of {@code torch.optim.Adam.state_dict()}, with the settings of the pre-training. */
  private Map<String, Object> optimizer(List<Double> rates) {
    Map<Object, Object> moments = new LinkedHashMap<>();
    List<Integer> numbers = new ArrayList<>();
    for (String name : network.parameters().keySet()) {
      numbers.add(numbers.size());
      if (state.steps() > 0) {
        Map<String, Object> kept = new LinkedHashMap<>();
        kept.put("step", steps());
        kept.put("exp_avg", state.optimizer().get(name + ".m"));
        kept.put("exp_avg_sq", state.optimizer().get(name + ".v"));
        moments.put(numbers.getLast(), kept);
      }
    }
    Map<String, Object> group = new LinkedHashMap<>();
    group.put("lr", rates.isEmpty() ? RATE : rates.getLast());
    group.put("betas", new Tuple(List.of(0.9, 0.999)));
    group.put("eps", 1e-8);
    group.put("weight_decay", 0);
    group.put("amsgrad", false);
    group.put("maximize", false);
    group.put("foreach", null);
    group.put("capturable", false);
    group.put("differentiable", false);
    group.put("fused", null);
    group.put("initial_lr", rates.isEmpty() ? RATE : rates.getFirst());
    group.put("params", numbers);
    Map<String, Object> optimizer = new LinkedHashMap<>();
    optimizer.put("state", moments);
    optimizer.put("param_groups", List.of(group));
    return optimizer;
  }

  /** The count of steps as PyTorch has it: a scalar of each parameter's own. */
  private TensorSource steps() {
    byte[] bytes = new byte[Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putFloat((float) state.steps());
    return new TensorSource(
        "step", ElementType.F32, new long[0], () -> MemorySegment.ofArray(bytes));
  }

  /** Of {@code torch.amp.GradScaler.state_dict()}. */
  private static Map<String, Object> scaler(LossScale.State scale) {
    Map<String, Object> scaler = new LinkedHashMap<>();
    scaler.put("scale", scale.value());
    scaler.put("growth_factor", 2.0);
    scaler.put("backoff_factor", 0.5);
    scaler.put("growth_interval", LossScale.STEPS_TO_GROW);
    scaler.put("_growth_tracker", scale.goodSteps());
    return scaler;
  }

  /** Of an imported checkpoint its own; else from the tables beside it. */
  private Map<String, List<Double>> curves() {
    Optional<JsonNode> own = json(CheckpointImport.LOGGING);
    if (own.isEmpty()) {
      Map<String, List<Double>> curves =
          TrainingCurves.of(file.toAbsolutePath().getParent(), epoch);
      if (curves.get("train_losses").isEmpty()) {
        missing.add("logging: there is no epochs.csv beside the checkpoint");
      }
      return curves;
    }
    try {
      return JSON.convertValue(own.get(), new TypeReference<Map<String, List<Double>>>() {});
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": metadata 'logging' is not lists of numbers", e);
    }
  }

  private Optional<JsonNode> adaptation(Optional<Path> given) {
    if (given.isPresent()) {
      return given.map(plan -> IndentedJson.json(AdaptationPlan.read(plan)));
    }
    Optional<JsonNode> own = json(AdaptationPlan.KEY);
    if (own.isEmpty()) {
      missing.add(
          AdaptationPlan.KEY
              + ": the checkpoint does not tell it, and nnU-Net's fork needs it:"
              + " --adaptation-plan gives one");
    }
    return own.map(plan -> {
      if (!(plan instanceof ObjectNode object)) {
        throw new DataException(
            "%s: metadata '%s' is %s, expected an object"
                .formatted(file, AdaptationPlan.KEY, plan.getNodeType()));
      }
      return AdaptationPlan.corrected(object);
    });
  }

  /** JSON in the checkpoint's metadata. */
  private Optional<JsonNode> json(String key) {
    String text = state.metadata().get(key);
    try {
      return text == null ? Optional.empty() : Optional.of(JSON.readTree(text));
    } catch (JsonProcessingException e) {
      throw new DataException(
          "%s: metadata '%s' is no JSON: %s".formatted(file, key, e.getOriginalMessage()), e);
    }
  }

  private static Object plain(JsonNode json) {
    return JSON.convertValue(json, Object.class);
  }
}
