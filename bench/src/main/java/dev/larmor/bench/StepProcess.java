package dev.larmor.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that says {@code ready} when it has warmed up, does a step for each line it is given,
 * and ends with a line of JSON.
 */
final class StepProcess implements AutoCloseable {
  private final Process process;
  private final Path errors;
  private final BufferedReader lines;
  private final OutputStream turns;
  private final List<Double> seconds = new ArrayList<>();

  /**
   * Starts a command of the shell and waits until it is ready.
   *
   * @throws IOException with the process's last words, if it ends before; so from every method
   */
  StepProcess(String command) throws IOException {
    errors = Files.createTempFile("bench", ".err");
    process =
        new ProcessBuilder("sh", "-c", "exec " + command).redirectError(errors.toFile()).start();
    lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    turns = process.getOutputStream();
    try {
      await("ready");
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** The rest of the first line that starts with {@code word}. */
  private String await(String word) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith(word)) {
        return line.substring(word.length()).strip();
      }
    }
    List<String> said =
        Files.readAllLines(errors).stream()
            .filter(l -> !l.matches("\\s*(at .*|\\.\\.\\. .*)?"))
            .toList();
    throw new IOException(
        said.isEmpty() ? "the process ended without '" + word + "'" : said.getLast().strip());
  }

  void step() throws IOException {
    turns.write('\n');
    turns.flush();
    seconds.add(Double.parseDouble(await("step")));
  }

  /** Ends the process and returns its report. */
  String end() throws IOException {
    turns.close();
    return "{" + await("{");
  }

  /** What the steps took. */
  List<Double> seconds() {
    return List.copyOf(seconds);
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join(); // the next one may want all of the card
    errors.toFile().delete();
  }
}
