package dev.larmor.models.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

final class ProgressLineTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private ProgressLine progress(boolean terminal, long total) {
    return new Console(new PrintWriter(out), new PrintWriter(err), terminal)
        .progress("work", total);
  }

  @Test
  void onATerminalItIsDrawnAndTakenAway() {
    try (ProgressLine progress = progress(true, 8)) {
      progress.at(4, "half");
      assertTrue(
          err.toString()
              .matches(
                  "\r\033\\[Kwork  50% \\[##########----------\\] 4/8  0:00:0\\d left 0:00:0\\d"
                      + "  half"),
          err.toString());
      progress.print("a result");
      assertEquals("a result", out.toString().strip());
      assertTrue(err.toString().endsWith("half"), "drawn again below the result");
      progress.at(8, "x".repeat(200));
      String last = err.toString().substring(err.toString().lastIndexOf('\r') + 4);
      assertEquals(79, last.length());
    }
    assertTrue(err.toString().endsWith("\r\033[K"));
  }

  @Test
  void elsewhereShortWorkIsSilent() {
    try (ProgressLine progress = progress(false, 8)) {
      progress.at(4, "half");
      progress.print("a result");
      progress.at(8, "");
    }
    assertEquals("", err.toString());
    assertEquals("a result", out.toString().strip());
  }

  @Test
  void durations() {
    assertEquals("0:00:00", ProgressLine.duration(0.2));
    assertEquals("1:02:03", ProgressLine.duration(3723));
    assertEquals("100:00:00", ProgressLine.duration(360000));
  }
}
