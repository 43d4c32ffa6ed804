package dev.larmor.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Two processes doing the same work in turns: ours, theirs, ours, theirs … Neither runs while the
 * other does, so what else the machine is doing hits both alike, and each process's VmHWM is its
 * own.
 */
public final class Paired {
  private static final class Side implements AutoCloseable {
    private final Process process;
    private final BufferedReader lines;
    private final OutputStream turns;
    private final List<Double> seconds = new ArrayList<>();

    Side(String command) throws IOException {
      process =
          new ProcessBuilder("sh", "-c", "exec " + command)
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      turns = process.getOutputStream();
      await("ready");
    }

    /** The rest of the first line that starts with {@code word}. */
    private String await(String word) throws IOException {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith(word)) {
          return line.substring(word.length()).strip();
        }
      }
      throw new IOException("process ended without '" + word + "'");
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

    double median() {
      double[] sorted = seconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
      int n = sorted.length;
      return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
    }

    double best() {
      return seconds.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }

    @Override
    public void close() {
      process.destroy();
    }
  }

  private Paired() {}

  /**
   * {@code Paired ROUNDS "our command" "their command"}; prints both reports and the ratios of
   * medians and minima.
   */
  public static void main(String[] args) {
    if (args.length != 3) {
      throw new IllegalArgumentException(
          "expected ROUNDS \"our command\" \"their command\", got " + Arrays.toString(args));
    }
    try (Side ours = new Side(args[1]);
        Side theirs = new Side(args[2])) {
      for (int round = 0; round < Integer.parseInt(args[0]); round++) {
        ours.step();
        theirs.step();
      }
      System.out.println("ours   " + ours.end());
      System.out.println("theirs " + theirs.end());
      System.out.printf(
          Locale.ROOT,
          "ours/theirs: median %.3f (%.4f s / %.4f s), best %.3f%n",
          ours.median() / theirs.median(),
          ours.median(),
          theirs.median(),
          ours.best() / theirs.best());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
