package dev.larmor.models.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.engine.Collective;
import dev.larmor.models.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code status.json} of a run's folder: what job scripts judge by, since not every launcher passes
 * exit codes on.
 *
 * <p>A run that was killed is still {@code running} there.
 *
 * @param files it is written to
 * @param rank that writes
 * @param ranks that share the run
 * @param started when
 */
record RunStatus(List<Path> files, int rank, int ranks, Instant started) {
  /** A command that begins now. */
  static RunStatus begun(Optional<Path> file, Collective ranks) {
    return new RunStatus(file.stream().toList(), ranks.rank(), ranks.size(), Instant.now());
  }

  /** The same command, with a run in this folder. */
  RunStatus in(Path folder) {
    return new RunStatus(
        Stream.concat(files.stream(), Stream.of(folder.resolve("status.json"))).toList(),
        rank,
        ranks,
        started);
  }

  void running() {
    write("running", null, "");
  }

  /** The run is done, or was stopped and can go on. */
  void ended(int exitCode) {
    write(exitCode == 0 ? "done" : "stopped", exitCode, "");
  }

  /** The run ends badly; several ranks may say so at the same time. */
  void failed(int exitCode, String cause) {
    write("failed", exitCode, cause);
  }

  /** Whether a rank has written why it failed. */
  boolean isFailed() {
    return files.stream().anyMatch(RunStatus::isFailed);
  }

  private static boolean isFailed(Path file) {
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
    files.forEach(file -> AtomicFile.write(file, Results.json(status), ".rank" + rank));
  }
}
