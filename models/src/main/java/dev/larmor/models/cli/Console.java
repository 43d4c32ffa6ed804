package dev.larmor.models.cli;

import java.io.PrintWriter;
import java.io.Writer;

/**
 * Where a command writes.
 *
 * @param out results
 * @param err progress and errors
 * @param terminal whether a person watches, so that lines can be redrawn
 */
record Console(PrintWriter out, PrintWriter err, boolean terminal) {
  /** The streams of this process. */
  @SuppressWarnings("SystemConsoleNull") // with input or output redirected it may be, on JDK 25 too
  static Console ofProcess() {
    java.io.Console console = System.console();
    return new Console(
        new PrintWriter(System.out, true, System.out.charset()),
        new PrintWriter(System.err, true, System.err.charset()),
        console != null && console.isTerminal());
  }

  /** The error stream of this process alone: of ranks, the first speaks of results. */
  static Console ofErrors() {
    return new Console(
        new PrintWriter(Writer.nullWriter()),
        new PrintWriter(System.err, true, System.err.charset()),
        false);
  }

  /** Prints one line of results at once. */
  void line(String text) {
    out.println(text);
    out.flush();
  }

  /** Shows the progress of long work until it is closed. */
  ProgressLine progress(String task, long total) {
    return new ProgressLine(this, task, total);
  }
}
