package dev.larmor.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class StepProcessTest {
  private static final String ECHO =
      "sh -c 'echo warmup 1; echo ready; while read -r _; do echo step 0.25; done;"
          + " echo \"{\\\"a\\\": 1}\"'";

  @Test
  void takesTurnsAndEndsWithAReport() throws IOException {
    try (StepProcess process = new StepProcess(ECHO)) {
      process.step();
      process.step();
      assertEquals(List.of(0.25, 0.25), process.seconds());
      assertEquals("{\"a\": 1}", process.end());
    }
  }

  @Test
  void lastWordsOfAProcessThatEndsAreTheMessage() {
    String dies = "sh -c 'echo there is no card >&2; echo \"  at a.B(C.java:1)\" >&2; exit 2'";
    IOException e = assertThrows(IOException.class, () -> new StepProcess(dies));
    assertEquals("there is no card", e.getMessage());
  }

  @Test
  void medianOfAnEvenNumberLiesBetween() {
    assertEquals(2.5, Median.of(List.of(4.0, 1.0, 3.0, 2.0)));
    assertEquals(2, Median.of(List.of(4.0, 1.0, 2.0)));
  }

  /** nvidia-smi counts all cards, CUDA those that were made visible. */
  @Test
  void cardOfADeviceIsTheVisibleOne() {
    assertEquals("0", CardMemory.id("cuda", null));
    assertEquals("1", CardMemory.id("cuda:1", ""));
    assertEquals("3", CardMemory.id("cuda:1", "2, 3"));
    assertEquals("GPU-8", CardMemory.id("cuda:0", "GPU-8"));
  }
}
