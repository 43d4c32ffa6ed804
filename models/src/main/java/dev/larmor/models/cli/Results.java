package dev.larmor.models.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.larmor.models.io.AtomicFile;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;

/** What commands leave beside their results. */
final class Results {
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

  private Results() {}

  /** Writes all options as they were resolved, good for {@code --config}. */
  static void writeOptions(Path file, CommandSpec command) {
    AtomicFile.write(file, ConfigFile.resolved(command));
  }

  /** Writes figures as JSON. */
  static void writeJson(Path file, Map<String, ?> figures) {
    AtomicFile.write(file, json(figures));
  }

  /** Figures as JSON. */
  static String json(Map<String, ?> figures) {
    try {
      return JSON.writeValueAsString(figures) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
