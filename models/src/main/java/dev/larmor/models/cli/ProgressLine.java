package dev.larmor.models.cli;

import java.util.Locale;

/**
 * How far long work has come and how long it will still take: one line on standard error, redrawn
 * in place on a terminal, printed once a minute elsewhere.
 *
 * <pre>training  45% [#########-----------] 1234/2740  0:12:33 left 0:15:20  loss 0.0123</pre>
 */
final class ProgressLine implements AutoCloseable {
  private static final long REDRAW_NANOS = 200_000_000L;
  private static final long REPEAT_NANOS = 60_000_000_000L;
  private static final int BAR = 20;
  private static final int COLUMNS = 79;
  private static final String CLEAR = "\r\033[K";

  private final Console console;
  private final String task;
  private final long total;
  private final long start = System.nanoTime();
  private long first = -1;
  private long shown = start;
  private String drawn = "";

  ProgressLine(Console console, String task, long total) {
    this.console = console;
    this.task = task;
    this.total = total;
  }

  /** What tells that one more step is done, from any thread. */
  Runnable counter(String message) {
    long[] done = {0}; // guarded by this
    return () -> {
      synchronized (this) {
        at(++done[0], message);
      }
    };
  }

  /**
   * Shows progress, if it is time to.
   *
   * @param done steps done, those of an earlier run included
   * @param message what else to say, or the empty string
   */
  void at(long done, String message) {
    if (first < 0) {
      first = Math.max(0, done - 1);
    }
    long now = System.nanoTime();
    boolean due = now - shown >= (console.terminal() ? REDRAW_NANOS : REPEAT_NANOS);
    if (!due && !(console.terminal() && (done == total || drawn.isEmpty()))) {
      return;
    }
    shown = now;
    String line = text(done, (now - start) * 1e-9, message);
    if (console.terminal()) {
      drawn = line.substring(0, Math.min(COLUMNS, line.length()));
      draw(CLEAR + drawn);
    } else {
      draw(line + System.lineSeparator());
    }
  }

  private String text(long done, double seconds, String message) {
    int filled = (int) (BAR * done / Math.max(1, total));
    double left = seconds / Math.max(1, done - first) * (total - done);
    return String.format(
        Locale.ROOT,
        "%s %3d%% [%s%s] %d/%d  %s left %s%s",
        task,
        100 * done / Math.max(1, total),
        "#".repeat(filled),
        "-".repeat(BAR - filled),
        done,
        total,
        duration(seconds),
        duration(left),
        message.isEmpty() ? "" : "  " + message);
  }

  /** Seconds as people read them: {@code 1:02:03}. */
  static String duration(double seconds) {
    long s = Math.round(seconds);
    return String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }

  /** Prints a line of results above this one. */
  void print(String line) {
    if (!drawn.isEmpty()) {
      draw(CLEAR);
    }
    console.line(line);
    draw(drawn);
  }

  private void draw(String text) {
    console.err().print(text);
    console.err().flush();
  }

  /** Takes the line away. */
  @Override
  public void close() {
    if (!drawn.isEmpty()) {
      draw(CLEAR);
      drawn = "";
    }
  }
}
