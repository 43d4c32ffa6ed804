package dev.larmor.models.training;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A network's configuration as one line of JSON, which checkpoints carry so that nobody has to
 * repeat it: {@code {"network":"fivarnet","feature_cascades":8,…}}.
 */
final class NetworkDescription {
  private static final String NETWORK = "network";

  private static final Map<String, Class<? extends ModelConfig>> NETWORKS =
      Map.of("fivarnet", FiVarNet.Config.class, "varnet", VarNet.Config.class);

  /** What changes how a network runs, but not which weights it has. */
  private static final Set<String> NOT_OF_WEIGHTS = Set.of("dropout", "precision");

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  private NetworkDescription() {}

  static String write(ModelConfig config) {
    try {
      return JSON.writeValueAsString(fields(config));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @throws IllegalArgumentException in a clause, if it is no description of a known network
   */
  static ModelConfig read(String json) {
    try {
      Map<String, Object> fields = JSON.readValue(json, new TypeReference<>() {});
      Object name = fields.remove(NETWORK);
      Class<? extends ModelConfig> type = name instanceof String s ? NETWORKS.get(s) : null;
      if (type == null) {
        throw new IllegalArgumentException("unknown network " + name);
      }
      return JSON.convertValue(fields, type);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(e.getOriginalMessage(), e);
    }
  }

  /** The first field in which two networks' weights differ: {@code chans is 8 there, 16 here}. */
  static Optional<String> difference(ModelConfig there, ModelConfig here) {
    Map<String, Object> a = fields(there);
    Map<String, Object> b = fields(here);
    for (String name : a.keySet()) {
      if (!NOT_OF_WEIGHTS.contains(name) && !Objects.equals(a.get(name), b.get(name))) {
        return Optional.of(name + " is " + a.get(name) + " there, " + b.get(name) + " here");
      }
    }
    return Optional.empty();
  }

  private static Map<String, Object> fields(ModelConfig config) {
    Map<String, Object> fields = new LinkedHashMap<>();
    NETWORKS.forEach((name, type) -> {
      if (type.isInstance(config)) {
        fields.put(NETWORK, name);
      }
    });
    if (fields.isEmpty()) {
      throw new IllegalArgumentException("no name for " + config.getClass());
    }
    fields.putAll(JSON.convertValue(config, new TypeReference<Map<String, Object>>() {}));
    return fields;
  }
}
