package dev.larmor.models.ssl.collection;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A value in a JSON file and how to find it there.
 *
 * @param path from the root, such as {@code datasets."ds1".subjects}
 */
public record JsonPlace(Path file, String path, JsonNode node) {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS) // Python writes NaN
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * The value that a file holds.
   *
   * @throws DataException if there is no such file or it is no JSON
   */
  public static JsonPlace read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DataException(
          file + ": " + (Files.exists(file) ? "not a regular file" : "no such file"));
    }
    try {
      return new JsonPlace(file, "", JSON.readTree(file.toFile()));
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new DataException(
          "%s: %s (line %d, column %d)"
              .formatted(
                  file,
                  e.getOriginalMessage(),
                  at == null ? 0 : at.getLineNr(),
                  at == null ? 0 : at.getColumnNr()),
          e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** A member that must be there. */
  public JsonPlace required(String key) {
    JsonNode value = object().get(key);
    if (value == null) {
      throw member(key, node).bad("missing");
    }
    return member(key, value);
  }

  /** A member; a null if it is not there. */
  public JsonPlace optional(String key) {
    JsonNode value = object().get(key);
    return member(key, value == null ? NullNode.getInstance() : value);
  }

  private JsonPlace member(String key, JsonNode value) {
    return new JsonPlace(file, path.isEmpty() ? key : path + "." + key, value);
  }

  private JsonNode object() {
    if (!node.isObject()) {
      throw bad("expected an object");
    }
    return node;
  }

  /** The keys of an object. */
  public List<String> keys() {
    return object().propertyStream().map(Map.Entry::getKey).toList();
  }

  /** All members of an object by their keys, which the file's author has chosen. */
  public Map<String, JsonPlace> members() {
    Map<String, JsonPlace> members = new LinkedHashMap<>();
    object()
        .properties()
        .forEach(field ->
            members.put(
                field.getKey(),
                new JsonPlace(file, path + ".\"" + field.getKey() + "\"", field.getValue())));
    return members;
  }

  /** The elements of an array. */
  public List<JsonPlace> elements() {
    if (!node.isArray()) {
      throw bad("expected an array");
    }
    List<JsonPlace> elements = new ArrayList<>();
    for (JsonNode element : node) {
      elements.add(new JsonPlace(file, path + "[" + elements.size() + "]", element));
    }
    return elements;
  }

  /** A string. */
  public String text() {
    if (!node.isTextual()) {
      throw bad("%s, expected a string".formatted(shown()));
    }
    return node.asText();
  }

  JsonNode textOrNull() {
    if (!node.isNull()) {
      text();
    }
    return node;
  }

  /** An integer or a string. */
  JsonNode index() {
    if (!node.isIntegralNumber() && !node.isTextual()) {
      throw bad("%s, expected an integer or a string".formatted(shown()));
    }
    return node;
  }

  /** A string that becomes a folder or file of this name. */
  String pathComponent() {
    pathComponent(text());
    return text();
  }

  /** Checks a name that becomes a folder or file. */
  void pathComponent(String name) {
    if (name.isBlank()
        || name.equals(".")
        || name.equals("..")
        || name.matches("(?s).*[/\\\\\\x00].*")) {
      throw bad("'%s', expected what can be a file's name".formatted(name));
    }
  }

  private String shown() {
    return node.isContainerNode()
        ? "an " + node.getNodeType().name().toLowerCase(Locale.ROOT)
        : node.toString();
  }

  /** Says what is wrong with this value. */
  public DataException bad(String what) {
    return new DataException(file + ": " + (path.isEmpty() ? "" : path + ": ") + what);
  }
}
