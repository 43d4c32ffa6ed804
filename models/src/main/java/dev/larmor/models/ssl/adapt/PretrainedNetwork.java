package dev.larmor.models.ssl.adapt;

import dev.larmor.engine.Precision;
import dev.larmor.models.checkpoint.TensorSource;
import dev.larmor.models.data.DataException;
import dev.larmor.models.resenc.ResidualEncoder;
import dev.larmor.models.simclr.SimClr;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of a file is a pre-trained network: the encoder, and the projection head if it is {@link
 * SimClr}'s.
 *
 * @param head the network with its head, if there is one
 * @param parameters by the names they have here, in the network's order
 * @param leftOut what else the file has, a clause for each kind of tensor
 */
record PretrainedNetwork(
    ResidualEncoder.Config encoder,
    Optional<SimClr.Config> head,
    Map<String, TensorSource> parameters,
    List<String> leftOut) {
  private static final String PROJECTOR = "projector.";
  private static final List<String> HEAD =
      List.of(
          PROJECTOR + "layer1.0.weight",
          PROJECTOR + "layer1.0.bias",
          PROJECTOR + "layer2.0.weight",
          PROJECTOR + "layer2.0.bias");

  /**
   * Looks what there is.
   *
   * @param tensors of the file, by the names they have in it
   * @throws DataException if there is no encoder, or one of another kind
   */
  static PretrainedNetwork of(Path file, Map<String, TensorSource> tensors) {
    EncoderWeights weights = EncoderWeights.of(file, tensors);
    ResidualEncoder.Config encoder = weights.config(Precision.FP32);
    Map<String, TensorSource> parameters = weights.inOrder(encoder);
    Optional<SimClr.Config> head = head(encoder, tensors);
    if (head.isPresent()) {
      HEAD.forEach(name -> parameters.put(name, tensors.get(name)));
    }
    return new PretrainedNetwork(encoder, head, parameters, leftOut(tensors, parameters));
  }

  /** The network with a head, if every tensor of it fits and there is no other. */
  private static Optional<SimClr.Config> head(
      ResidualEncoder.Config encoder, Map<String, TensorSource> tensors) {
    List<String> names = tensors.keySet().stream().filter(n -> n.startsWith(PROJECTOR)).toList();
    if (names.size() != HEAD.size() || !names.containsAll(HEAD)) {
      return Optional.empty();
    }
    long hidden = tensors.get(HEAD.get(1)).shape()[0];
    long embedding = tensors.get(HEAD.get(3)).shape()[0];
    long[][] shapes = {
      {hidden, encoder.totalFeatures()}, {hidden}, {embedding, hidden}, {embedding}
    };
    for (int i = 0; i < shapes.length; i++) {
      TensorSource tensor = tensors.get(HEAD.get(i));
      if (!tensor.type().isFloating() || !Arrays.equals(tensor.shape(), shapes[i])) {
        return Optional.empty();
      }
    }
    return Optional.of(new SimClr.Config(encoder, (int) hidden, (int) embedding));
  }

  private static List<String> leftOut(
      Map<String, TensorSource> tensors, Map<String, TensorSource> parameters) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (String name : tensors.keySet()) {
      if (!parameters.containsKey(EncoderNames.own(name))) {
        counts.merge(name.substring(0, name.indexOf('.') + 1), 1, Integer::sum);
      }
    }
    List<String> clauses = new ArrayList<>();
    counts.forEach((prefix, count) ->
        clauses.add(
            "%d tensor%s named '%s…'%s"
                .formatted(
                    count,
                    count == 1 ? "" : "s",
                    prefix,
                    prefix.equals(PROJECTOR) ? ", a head of another form" : "")));
    return clauses;
  }

  /** The number of all parameters' elements. */
  long elements() {
    return parameters.values().stream()
        .mapToLong(tensor -> Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b))
        .sum();
  }
}
