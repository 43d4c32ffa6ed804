package dev.larmor.models.ssl.pretrain;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.PythonJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which subjects train and which are kept for measuring, as in {@value #FILE}.
 *
 * @param train their ids
 * @param heldOut their ids; empty if all train
 */
public record SubjectSplit(List<String> train, Optional<List<String>> heldOut) {
  /** The file's name in the preprocessed data set's folder. */
  public static final String FILE = "splits_final.json";

  private static final int MOST = 1000;
  private static final int LEAST = 5;

  /** Checks that there is something to train with, and nothing to be measured with it. */
  public SubjectSplit {
    train = List.copyOf(train);
    heldOut = heldOut.map(List::copyOf);
    if (train.isEmpty()) {
      throw new IllegalArgumentException("no subject is left to train with");
    }
    Set<String> both = new HashSet<>(train);
    both.retainAll(heldOut.orElse(List.of()));
    if (!both.isEmpty()) {
      throw new IllegalArgumentException("the subject " + both.iterator().next() + " is in both");
    }
  }

  /** All subjects train. */
  public static SubjectSplit all(List<String> subjects) {
    return new SubjectSplit(subjects, Optional.empty());
  }

  /** How many subjects nnssl keeps: one in a hundred, at least 5 and at most 1000. */
  public static int rule(int subjects) {
    return Math.min(MOST, Math.max(subjects / 100, LEAST));
  }

  /**
   * Keeps some subjects, drawn at random; the others stay in order.
   *
   * @param count how many, at least 1
   */
  public static SubjectSplit drawn(List<String> subjects, int count, long seed) {
    if (count < 1 || count >= subjects.size()) {
      throw new IllegalArgumentException(
          "%d of %d subjects to be held out: expected at least 1, and one left to train with"
              .formatted(count, subjects.size()));
    }
    int[] order = Philox.of(seed, "held-out subjects").permutation(subjects.size());
    Set<String> chosen = new HashSet<>();
    for (int i = 0; i < count; i++) {
      chosen.add(subjects.get(order[i]));
    }
    return new SubjectSplit(
        subjects.stream().filter(subject -> !chosen.contains(subject)).toList(),
        Optional.of(subjects.stream().filter(chosen::contains).toList()));
  }

  /**
   * Reads a file.
   *
   * @throws DataException if it is anything else
   */
  public static SubjectSplit read(Path file) {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new DataException(file + ": no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
    Optional<List<String>> train = ids(file, root, "train");
    if (train.isEmpty()) {
      throw new DataException(file + ": train: null, expected subject ids");
    }
    try {
      return new SubjectSplit(train.get(), ids(file, root, "val"));
    } catch (IllegalArgumentException e) {
      throw new DataException(file + ": " + e.getMessage(), e);
    }
  }

  private static Optional<List<String>> ids(Path file, JsonNode root, String key) {
    JsonNode list = root.get(key);
    if (list == null) {
      throw new DataException(file + ": " + key + ": missing");
    }
    if (list.isNull()) {
      return Optional.empty();
    }
    List<String> ids = new ArrayList<>();
    if (list.isArray()) {
      list.forEach(id -> ids.add(id.isTextual() ? id.asText() : null));
    }
    if (!list.isArray() || ids.contains(null)) {
      throw new DataException(file + ": " + key + ": expected subject ids or null");
    }
    return Optional.of(ids);
  }

  /**
   * Checks that there are images of both kinds.
   *
   * @param file for the message
   * @param subjects that have images
   * @throws DataException if not
   */
  public void checkAmong(Path file, List<String> subjects) {
    checkSome(file, "train", train, subjects);
    heldOut.ifPresent(ids -> checkSome(file, "val", ids, subjects));
  }

  private static void checkSome(Path file, String key, List<String> ids, List<String> subjects) {
    if (ids.stream().noneMatch(new HashSet<>(subjects)::contains)) {
      throw new DataException(
          "%s: %s: no image is of any of its %d subjects, expected ids as %s"
              .formatted(file, key, ids.size(), subjects.getFirst()));
    }
  }

  /** Writes it in the old file's place. */
  public void write(Path file) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    train.forEach(root.putArray("train")::add);
    ArrayNode held = JsonNodeFactory.instance.arrayNode();
    heldOut.ifPresent(ids -> ids.forEach(held::add));
    root.set("val", heldOut.isPresent() ? held : JsonNodeFactory.instance.nullNode());
    PythonJson.write(file, root);
  }
}
