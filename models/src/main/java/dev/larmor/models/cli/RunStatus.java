package dev.larmor.models.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code status.json} of a run's folder: what job scripts judge by, since not every launcher passes
 * exit codes on.
 *
 * <p>A run that was killed is still {@code running} there.
 *
 * @param file it is written to
 * @param ranks that share the run
 * @param started when
 */
record RunStatus(Path file, int ranks, Instant started) {
  /** A run in this folder that begins now. */
  static RunStatus begun(Path folder, int ranks) {
    return new RunStatus(folder.resolve("status.json"), ranks, Instant.now());
  }

  void running() {
    write("running", null, "");
  }

  /** The run is done, or was stopped and can go on. */
  void ended(int exitCode) {
    write(exitCode == 0 ? "done" : "stopped", exitCode, "");
  }

  void failed(int exitCode, String cause) {
    write("failed", exitCode, cause);
  }

  /** Whether a rank has written why it failed. */
  boolean isFailed() {
    try {
      return new ObjectMapper().readTree(file.toFile()).path("state").asText().equals("failed");
    } catch (IOException e) {
      return false;
    }
  }

  private void write(String state, Integer exitCode, String cause) {
    Map<String, Object> status = new LinkedHashMap<>();
    status.put("state", state);
    status.put("ranks", ranks);
    status.put("started", started.toString());
    status.put("written", Instant.now().toString());
    if (exitCode != null) {
      status.put("exit_code", exitCode);
    }
    if (!cause.isEmpty()) {
      status.put("cause", cause);
    }
    Results.writeJson(file, status);
  }
}
