package dev.larmor.models.ssl.adapt;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.checkpoint.ElementType;
import dev.larmor.models.checkpoint.ModelState;
import dev.larmor.models.checkpoint.PyTorchReader;
import dev.larmor.models.checkpoint.PyTorchReader.Moments;
import dev.larmor.models.checkpoint.SafetensorsReader;
import dev.larmor.models.checkpoint.StoredState;
import dev.larmor.models.checkpoint.TensorFile;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a checkpoint of this program of one that nnSSL or a program built on it saved: the encoder,
 * the projection head and Adam's moments, the adaptation plan, the course of the training.
 *
 * <p>The moments know parameters by number alone, the position in {@code model.parameters()}. That
 * order is the state dict's own, with shared tensors where they are first named.
 */
public final class CheckpointImport {
  /**
   * What was taken over.
   *
   * @param parameters their number
   * @param head whether the projection head is among them
   * @param steps that Adam has taken, 0 if its moments were not taken over
   * @param leftOut what the file has besides, a clause for each
   */
  public record Result(long parameters, boolean head, long steps, List<String> leftOut) {}

  /** The key of the curves, here and there. */
  static final String LOGGING = "logging";

  private static final String CURRENT_EPOCH = "current_epoch";

  /** Keys of what is taken over, or says nothing that is not known. */
  private static final Set<String> KNOWN =
      Set.of(AdaptationPlan.KEY, LOGGING, CURRENT_EPOCH, "trainer_name", "_best_ema");

  private CheckpointImport() {}

  /**
   * Converts a file.
   *
   * @param out the checkpoint to write or replace
   * @throws DataException if the file cannot be read, has no encoder of a known kind, or is a
   *     checkpoint of this program
   */
  public static Result run(Path file, Path out) {
    try (TensorFile reader = TensorFile.open(file)) {
      if (reader instanceof SafetensorsReader own && ModelState.isOwn(own.metadata())) {
        throw new DataException(file + ": is a checkpoint of this program already");
      }
      Map<String, TensorSource> tensors = reader.tensors();
      PretrainedNetwork network = PretrainedNetwork.of(file, tensors);
      List<String> leftOut = new ArrayList<>(network.leftOut());
      Map<String, String> metadata = new LinkedHashMap<>(description(network));
      metadata.put("imported_from", file.getFileName().toString());
      Map<String, Moments> moments = Map.of();
      if (reader instanceof PyTorchReader checkpoint) {
        moments = moments(checkpoint, tensors, network);
        metadata.putAll(taken(checkpoint));
        leftOut.addAll(leftOut(checkpoint, !moments.isEmpty()));
      }
      state(network, moments, metadata).write(out);
      return new Result(
          network.elements(), network.head().isPresent(), steps(moments), List.copyOf(leftOut));
    }
  }

  private static long steps(Map<String, Moments> moments) {
    return moments.values().stream().mapToLong(Moments::step).findFirst().orElse(0);
  }

  private static StoredState state(
      PretrainedNetwork network, Map<String, Moments> moments, Map<String, String> metadata) {
    Map<String, TensorSource> parameters = new LinkedHashMap<>();
    network.parameters().forEach((name, tensor) -> parameters.put(name, single(tensor)));
    Map<String, TensorSource> optimizer = new LinkedHashMap<>();
    moments.forEach((name, m) -> {
      optimizer.put(name + ".m", single(m.first()));
      optimizer.put(name + ".v", single(m.second()));
    });
    return new StoredState(parameters, optimizer, steps(moments), metadata);
  }

  private static TensorSource single(TensorSource tensor) {
    return tensor.as(ElementType.F32);
  }

  private static Map<String, String> description(PretrainedNetwork network) {
    Map<String, String> description = new LinkedHashMap<>();
    ResidualEncoder.Config encoder = network.encoder();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("channels", encoder.channels());
    json.set("features", list(encoder.features()));
    json.set("blocks", list(encoder.blocks()));
    description.put("encoder", json.toString());
    network
        .head()
        .ifPresent(head -> {
          description.put("hidden", Integer.toString(head.hidden()));
          description.put("embedding", Integer.toString(head.embedding()));
        });
    return description;
  }

  private static ArrayNode list(List<Integer> numbers) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    numbers.forEach(array::add);
    return array;
  }

  /** What stands beside the weights and is worth keeping. */
  private static Map<String, String> taken(PyTorchReader checkpoint) {
    Map<String, String> taken = new LinkedHashMap<>();
    checkpoint
        .json(AdaptationPlan.KEY)
        .ifPresent(plan -> taken.put(AdaptationPlan.KEY, plan.toString()));
    checkpoint.json(LOGGING).ifPresent(curves -> taken.put(LOGGING, curves.toString()));
    checkpoint
        .json(CURRENT_EPOCH)
        .filter(JsonNode::isIntegralNumber)
        .ifPresent(epoch -> taken.put("epoch", epoch.asText()));
    return taken;
  }

  private static List<String> leftOut(PyTorchReader checkpoint, boolean moments) {
    List<String> clauses = new ArrayList<>();
    for (String key : checkpoint.others()) {
      if (PyTorchReader.OPTIMIZERS.contains(key)) {
        if (!moments) {
          clauses.add(key + ", which is not Adam's state of this network, complete");
        }
      } else if (!KNOWN.contains(key)) {
        clauses.add(key);
      }
    }
    return clauses;
  }

  /** Adam's moments by the parameters' names, none unless those of every one are there. */
  private static Map<String, Moments> moments(
      PyTorchReader checkpoint, Map<String, TensorSource> tensors, PretrainedNetwork network) {
    Set<String> unique = new LinkedHashSet<>();
    tensors.keySet().forEach(name -> unique.add(EncoderNames.own(name)));
    List<String> order = List.copyOf(unique);
    Map<String, Moments> moments = new LinkedHashMap<>();
    checkpoint
        .adam(order.size())
        .ifPresent(all -> all.forEach((number, m) -> moments.put(order.get(number), m)));
    boolean complete =
        moments.keySet().equals(network.parameters().keySet())
            && moments.values().stream().map(Moments::step).distinct().count() == 1
            && moments.entrySet().stream()
                .allMatch(e -> fit(e.getValue(), network.parameters().get(e.getKey())));
    return complete ? moments : Map.of();
  }

  private static boolean fit(Moments moments, TensorSource parameter) {
    return List.of(moments.first(), moments.second()).stream()
        .allMatch(m -> m.type().isFloating() && Arrays.equals(m.shape(), parameter.shape()));
  }
}
