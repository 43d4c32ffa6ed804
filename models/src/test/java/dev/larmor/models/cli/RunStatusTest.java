package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.engine.Collective;
import dev.larmor.engine.ThreadRanks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunStatusTest {
  @TempDir Path folder;

  private RunStatus status(Collective ranks) {
    return RunStatus.begun(Optional.of(folder.resolve("status.json")), ranks);
  }

  private JsonNode written() throws IOException {
    return new ObjectMapper().readTree(folder.resolve("status.json").toFile());
  }

  /** Whichever rank is the last to notice: it is one rank's whole word. */
  @Test
  void allRanksFailAtOnce() throws IOException {
    status(Collective.single()).running();
    for (int time = 0; time < 20; time++) {
      ThreadRanks.run(
          8,
          ranks -> {
            ranks.barrier();
            status(ranks).failed(75, "rank " + ranks.rank());
            return null;
          });
      assertEquals("failed", written().get("state").textValue());
      assertEquals(75, written().get("exit_code").intValue());
      assertTrue(written().get("cause").textValue().matches("rank [0-7]"));
    }
  }

  @Test
  void aWordThatCannotBeWrittenIsMissed() throws IOException {
    RunStatus status = status(Collective.single());
    status.running();
    assertFalse(status.isFailed());
    Files.createDirectory(folder.resolve(".status.json.rank0.tmp"));
    assertThrows(UncheckedIOException.class, () -> status.failed(1, "no room"));
    assertEquals("running", written().get("state").textValue());
  }
}
