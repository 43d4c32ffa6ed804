package dev.larmor.models.ssl.preprocess.plan;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.PythonJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** Records as JSON in nnSSL's names and layout ({@link PythonJson}), read strictly. */
public final class IndentedJson {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private IndentedJson() {}

  /** A record as JSON. */
  public static ObjectNode json(Object value) {
    return JSON.valueToTree(value);
  }

  static String write(Object value) {
    return PythonJson.text(json(value));
  }

  /**
   * Reads a file.
   *
   * @throws DataException naming the file and the key, if it is missing, no JSON, or has a key too
   *     few, too many or of another type, or a value that the record refuses
   */
  public static <T> T read(Path file, Class<T> type) {
    return value(file, parse(file), type);
  }

  /**
   * Reads a file's JSON.
   *
   * @throws DataException naming the file, if it is missing or no JSON
   */
  public static JsonNode parse(Path file) {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new DataException(
          "%s: no JSON at line %d: %s"
              .formatted(file, e.getLocation().getLineNr(), e.getOriginalMessage()),
          e);
    } catch (IOException e) {
      String reason = Files.exists(file) ? "cannot be read: " + e.getMessage() : "no such file";
      throw new DataException(file + ": " + reason, e);
    }
  }

  /**
   * The record that JSON describes.
   *
   * @param file where it is from, for messages
   * @throws DataException as {@link #read}
   */
  public static <T> T value(Path file, JsonNode json, Class<T> type) {
    try {
      T value = JSON.treeToValue(json, type);
      if (value == null) {
        throw new DataException(file + ": null, expected an object");
      }
      return value;
    } catch (JsonMappingException e) {
      throw new DataException(file + ": " + where(e) + clause(e), e);
    } catch (JacksonException e) {
      throw new DataException(file + ": " + e.getOriginalMessage(), e);
    }
  }

  private static String where(JsonMappingException e) {
    String path =
        e.getPath().stream()
            .map(r -> r.getFieldName() == null ? "[" + r.getIndex() + "]" : "." + r.getFieldName())
            .collect(Collectors.joining());
    return path.isEmpty() ? "" : path.replaceFirst("^\\.", "") + ": ";
  }

  private static String clause(JsonMappingException e) {
    if (e instanceof UnrecognizedPropertyException) {
      return "unknown key";
    }
    Throwable cause = e instanceof ValueInstantiationException ? e.getCause() : e;
    String message = cause instanceof JacksonException j ? j.getOriginalMessage() : null;
    if (message == null) {
      return cause.getMessage();
    }
    return message.startsWith("Missing creator property") ? "missing" : message;
  }
}
