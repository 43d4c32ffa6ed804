package dev.larmor.models.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.larmor.models.checkpoint.PythonObjects.Tuple;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plain values of a pickle as JSON. Containers may hold themselves, so there are limits. */
final class PickledJson {
  private static final int MAX_DEPTH = 64;
  private static final int MAX_VALUES = 1_000_000;
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private int values;

  private PickledJson() {}

  /** The value; empty if a part of it is neither text nor a number nor a container of them. */
  static Optional<JsonNode> of(Object value) {
    JsonNode node = new PickledJson().node(value, 0);
    return node.isMissingNode() ? Optional.empty() : Optional.of(node);
  }

  private JsonNode node(Object value, int depth) {
    if (depth > MAX_DEPTH || ++values > MAX_VALUES) {
      return NODES.missingNode();
    }
    return switch (value) {
      case null -> NODES.nullNode();
      case String text -> NODES.textNode(text);
      case Boolean truth -> NODES.booleanNode(truth);
      case Long number -> NODES.numberNode(number);
      case BigInteger number -> NODES.numberNode(number);
      case Double number -> NODES.numberNode(number);
      case List<?> list -> array(list, depth);
      case Tuple tuple -> array(Arrays.asList(tuple.items()), depth);
      case Map<?, ?> map -> object(map, depth);
      default -> NODES.missingNode();
    };
  }

  private JsonNode array(Collection<?> items, int depth) {
    ArrayNode array = NODES.arrayNode();
    for (Object item : items) {
      JsonNode node = node(item, depth + 1);
      if (node.isMissingNode()) {
        return node;
      }
      array.add(node);
    }
    return array;
  }

  private JsonNode object(Map<?, ?> map, int depth) {
    ObjectNode object = NODES.objectNode();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      JsonNode node = node(entry.getValue(), depth + 1);
      if (node.isMissingNode()) {
        return node;
      }
      object.set(String.valueOf(entry.getKey()), node);
    }
    return object;
  }
}
