package dev.larmor.models.ensemble;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The members of each expert's ensemble and their weights, as JSON that can be read and mended by
 * hand:
 *
 * <pre>{"acc4-brain-slice0": {"best_model": 0.6, "epoch3_fold0": 0.4}, …}</pre>
 */
public record WeightsFile(Path file) {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  /**
   * Every expert's members and weights.
   *
   * @throws DataException if the file cannot be read or is not of this form
   */
  public Map<String, Map<String, Double>> read() {
    try {
      Map<String, Map<String, Double>> all =
          JSON.readValue(
              Files.readString(file),
              new TypeReference<LinkedHashMap<String, Map<String, Double>>>() {});
      all.forEach((expert, weights) -> check(expert, weights));
      return all;
    } catch (JsonProcessingException e) {
      throw new DataException(
          file + ": expected {expert: {member: weight}}: " + e.getOriginalMessage(), e);
    } catch (NoSuchFileException e) {
      throw new DataException(file + ": no such file", e);
    } catch (IOException e) {
      throw new DataException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private void check(String expert, Map<String, Double> weights) {
    if (weights == null || weights.isEmpty()) {
      throw new DataException("%s: no member for %s".formatted(file, expert));
    }
    weights.forEach((member, weight) -> {
      if (weight == null || !(weight > 0) || weight.isInfinite()) {
        throw new DataException(
            "%s: the weight of %s for %s must be positive, not %s"
                .formatted(file, member, expert, weight));
      }
    });
  }

  /** Writes them; the file is replaced as a whole. */
  public void write(Map<String, Map<String, Double>> weights) {
    try {
      AtomicFile.write(file, JSON.writeValueAsString(weights) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
