package dev.larmor.bench;

import dev.larmor.engine.Precision;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One piece of work in a process of its own, one step for each line of standard input, so that
 * {@link Paired} can let two processes run in turns. Ends with a line of JSON: the seconds of every
 * step, VmHWM, the ledger's peak and what the dry run foretold.
 */
public final class BenchProcess {
  private BenchProcess() {}

  /**
   * Runs {@code --mode op --op NAME} or {@code --mode train|recompute|keep|reconstruct --shape
   * 15x640x372}, with {@code --threads 2 --precision fp32|tf32|bf16|fp16 --warmup 1}.
   */
  public static void main(String[] args) throws IOException {
    Map<String, String> options =
        new TreeMap<>(
            Map.of(
                "mode",
                "train",
                "shape",
                "15x640x372",
                "op",
                "",
                "threads",
                "2",
                "precision",
                "fp32",
                "warmup",
                "1"));
    for (int i = 0; i + 1 < args.length; i += 2) {
      if (options.put(args[i].replaceFirst("^--", ""), args[i + 1]) == null) {
        throw new IllegalArgumentException(
            "no option " + args[i] + ", expected one of " + options.keySet());
      }
    }
    try (Timed work = work(options)) {
      for (int i = 0; i < Integer.parseInt(options.get("warmup")); i++) {
        System.out.printf(Locale.ROOT, "warmup %.6f%n", seconds(work));
      }
      System.out.println("ready");
      List<Double> seconds = new ArrayList<>();
      BufferedReader turns =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (turns.readLine() != null) {
        double s = seconds(work);
        seconds.add(s);
        System.out.printf(Locale.ROOT, "step %.6f%n", s);
      }
      System.out.println(report(work, options, seconds));
    }
  }

  private static Timed work(Map<String, String> options) {
    int threads = Integer.parseInt(options.get("threads"));
    Precision precision = Precision.named(options.get("precision"));
    if (options.get("mode").equals("op")) {
      return new TimedOp(options.get("op"), threads, precision);
    }
    String[] shape = options.get("shape").split("x");
    return new TimedModel(
        TimedModel.Mode.valueOf(options.get("mode").toUpperCase(Locale.ROOT)),
        Integer.parseInt(shape[0]),
        Integer.parseInt(shape[1]),
        Integer.parseInt(shape[2]),
        threads,
        precision);
  }

  private static double seconds(Timed work) {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) * 1e-9;
  }

  private static String report(Timed work, Map<String, String> options, List<Double> seconds)
      throws IOException {
    String times =
        seconds.stream()
            .map(s -> String.format(Locale.ROOT, "%.6f", s))
            .collect(Collectors.joining(", "));
    long predicted = work instanceof TimedModel model ? model.predictedPeak() : 0;
    return "{\"name\": \"%s\", \"threads\": %s, \"seconds\": [%s], \"VmHWM_kB\": %d, \"ledger_peak\": %d, \"predicted_peak\": %d}"
        .formatted(
            work.name(), options.get("threads"), times, highWater(), work.ledgerPeak(), predicted);
  }

  /** Most memory this process ever had, in kB. */
  private static long highWater() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status has no VmHWM");
  }
}
