package dev.larmor.models.ssl.adapt.segmentation.dataset;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.PythonJson;
import dev.larmor.models.ssl.collection.JsonPlace;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which cases one training of a cross-validation learns from, and which it is tested on; by name.
 */
public record Fold(List<String> training, List<String> validation) {
  /** nnU-Net's file of folds: a list of {@code {"train": [...], "val": [...]}}. */
  public static final String FILE = "splits_final.json";

  public Fold {
    training = List.copyOf(training);
    validation = List.copyOf(validation);
  }

  /**
   * Divides cases so that each is held out once.
   *
   * @param count of folds, 2 or more, or 1 for all cases in training and none held out
   * @param seed decides who goes where
   */
  public static List<Fold> of(List<String> cases, int count, long seed) {
    if (count < 1 || count > cases.size()) {
      throw new IllegalArgumentException(
          "%d folds of %d cases: each needs a case of its own".formatted(count, cases.size()));
    }
    if (count == 1) {
      return List.of(new Fold(cases, List.of()));
    }
    int[] order = Philox.of(seed, "folds").permutation(cases.size());
    List<Fold> folds = new ArrayList<>();
    for (int fold = 0; fold < count; fold++) {
      List<String> training = new ArrayList<>();
      List<String> validation = new ArrayList<>();
      for (int i = 0; i < order.length; i++) {
        (order[i] % count == fold ? validation : training).add(cases.get(i));
      }
      folds.add(new Fold(training, validation));
    }
    return folds;
  }

  /**
   * Reads folds.
   *
   * @param cases there are
   * @throws DataException if it is no such file, or names a case that there is not
   */
  public static List<Fold> read(Path file, List<String> cases) {
    JsonPlace root = JsonPlace.read(file);
    List<Fold> folds = new ArrayList<>();
    for (JsonPlace fold : root.elements()) {
      List<String> training = names(fold.required("train"), cases);
      List<String> validation = names(fold.required("val"), cases);
      Set<String> both = new HashSet<>(training);
      both.retainAll(validation);
      if (training.isEmpty() || !both.isEmpty()) {
        throw fold.bad(
            training.isEmpty()
                ? "no case to train on"
                : "case %s both in train and val".formatted(both.iterator().next()));
      }
      folds.add(new Fold(training, validation));
    }
    if (folds.isEmpty()) {
      throw root.bad("no folds");
    }
    return folds;
  }

  private static List<String> names(JsonPlace list, List<String> cases) {
    return list.elements().stream()
        .map(element -> {
          if (!cases.contains(element.text())) {
            throw element.bad("'" + element.text() + "', but imagesTr has no such case");
          }
          return element.text();
        })
        .toList();
  }

  /** Writes folds as {@link #read} reads them. */
  public static void write(Path file, List<Fold> folds) {
    ArrayNode all = JsonNodeFactory.instance.arrayNode();
    for (Fold fold : folds) {
      ObjectNode one = all.addObject();
      fold.training.forEach(one.putArray("train")::add);
      fold.validation.forEach(one.putArray("val")::add);
    }
    PythonJson.write(file, all);
  }
}
