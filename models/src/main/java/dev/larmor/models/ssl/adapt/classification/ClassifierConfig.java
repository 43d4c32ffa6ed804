package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.Precision;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.Csv;
import dev.larmor.models.resenc.ResidualClassifier;
import dev.larmor.models.resenc.ResidualEncoder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a classifier is: what its checkpoint says of it, so that it can be used without the data it
 * was trained on.
 *
 * @param encoder its channels are the images of a case
 * @param classes their names, in the order of scores
 * @param dropout see {@link ResidualClassifier}
 * @param side of the cube that it takes: see {@link Preparation}
 */
public record ClassifierConfig(
    ResidualEncoder.Config encoder, List<String> classes, double dropout, int side) {
  private static final String KIND = "classifier";
  private static final String KEY = "kind";

  /** Checks what belongs together. */
  public ClassifierConfig {
    classes = List.copyOf(classes);
    int least = 2 * encoder.reduction();
    if (side % encoder.reduction() != 0 || side < least) {
      throw new IllegalArgumentException(
          "a crop of %d voxels a side does not fit the encoder: %d stages want a multiple of %d, at least %d"
              .formatted(side, encoder.features().size(), encoder.reduction(), least));
    }
    if (!(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("dropout must be in [0, 1), not " + dropout);
    }
  }

  /** The network, not yet on a device. */
  ResidualClassifier network() {
    return new ResidualClassifier(encoder, classes.size(), (float) dropout);
  }

  /** The network in words, for messages. */
  String architecture() {
    return "the classifier of features %s, blocks %s, %d channels and %d classes"
        .formatted(encoder.features(), encoder.blocks(), encoder.channels(), classes.size());
  }

  /** For a checkpoint's metadata. */
  Map<String, String> metadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(KEY, KIND);
    metadata.put("classes", Csv.line(classes).strip());
    metadata.put("channels", Integer.toString(encoder.channels()));
    metadata.put("features", numbers(encoder.features()));
    metadata.put("blocks", numbers(encoder.blocks()));
    metadata.put("precision", encoder.precision().label());
    metadata.put("dropout", Double.toString(dropout));
    metadata.put("side", Integer.toString(side));
    return metadata;
  }

  private static String numbers(List<Integer> numbers) {
    return String.join(",", numbers.stream().map(Object::toString).toList());
  }

  /**
   * What a checkpoint says.
   *
   * @throws DataException if it is not of a classifier
   */
  static ClassifierConfig of(Path file, Map<String, String> metadata) {
    if (!KIND.equals(metadata.get(KEY))) {
      throw new DataException(file + ": is not a checkpoint of a classifier");
    }
    try {
      return new ClassifierConfig(
          new ResidualEncoder.Config(
              Integer.parseInt(metadata.get("channels")),
              numbers(metadata.get("features")),
              numbers(metadata.get("blocks")),
              Precision.named(metadata.get("precision"))),
          Csv.lines(metadata.get("classes")).getFirst(),
          Double.parseDouble(metadata.get("dropout")),
          Integer.parseInt(metadata.get("side")));
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new DataException(
          file + ": what the checkpoint says of its network is damaged: " + e.getMessage(), e);
    }
  }

  private static List<Integer> numbers(String text) {
    return Arrays.stream(text.split(",", -1)).map(Integer::valueOf).toList();
  }
}
