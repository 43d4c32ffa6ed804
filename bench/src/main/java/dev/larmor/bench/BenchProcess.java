package dev.larmor.bench;

import dev.larmor.engine.Collective;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;
import dev.larmor.models.training.DryRun;
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
 * One piece of work in a process of its own, a number of steps or one for each line of standard
 * input, so that {@link Paired} can let two processes run in turns. Ends with a line of JSON: the
 * seconds of every step, VmHWM, the ledger's peak and what the dry run foretold.
 */
public final class BenchProcess {
  private BenchProcess() {}

  /**
   * Runs {@code --mode op --op NAME} or {@code --mode train|recompute|keep|reconstruct --shape
   * 15x640x372} or {@code --mode encoder --views 2x64}, with {@code --threads 2 --precision
   * fp32|tf32|bf16|fp16 --warmup 1 --steps stdin}.
   */
  public static void main(String[] args) throws IOException {
    Map<String, String> options =
        new TreeMap<>(
            Map.of(
                "mode",
                "train",
                "shape",
                "15x640x372",
                "views",
                "2x64",
                "op",
                "",
                "threads",
                "2",
                "precision",
                "fp32",
                "warmup",
                "1",
                "steps",
                "stdin"));
    for (int i = 0; i + 1 < args.length; i += 2) {
      if (options.put(args[i].replaceFirst("^--", ""), args[i + 1]) == null) {
        throw new IllegalArgumentException(
            "no option " + args[i] + ", expected one of " + options.keySet());
      }
    }
    try (Timed work = work(options)) {
      run(work, options);
    } catch (DeviceException e) {
      System.err.println(e.getMessage());
      System.exit(2);
    }
  }

  private static void run(Timed work, Map<String, String> options) throws IOException {
    for (int i = 0; i < Integer.parseInt(options.get("warmup")); i++) {
      System.out.printf(Locale.ROOT, "warmup %.6f%n", seconds(work));
    }
    List<Double> seconds = new ArrayList<>();
    if (options.get("steps").equals("stdin")) {
      System.out.println("ready");
      BufferedReader turns =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (turns.readLine() != null) {
        step(work, seconds);
      }
    } else {
      for (int i = 0; i < Integer.parseInt(options.get("steps")); i++) {
        step(work, seconds);
      }
    }
    System.out.println(report(work, options, seconds));
  }

  private static void step(Timed work, List<Double> seconds) {
    double s = seconds(work);
    seconds.add(s);
    System.out.printf(Locale.ROOT, "step %.6f%n", s);
  }

  private static Timed work(Map<String, String> options) {
    int threads = Integer.parseInt(options.get("threads"));
    Precision precision = Precision.named(options.get("precision"));
    if (options.get("mode").equals("op")) {
      return new TimedOp(options.get("op"), threads, precision);
    }
    if (options.get("mode").equals("encoder")) {
      String[] views = options.get("views").split("x", -1);
      return new TimedEncoder(
          Integer.parseInt(views[0]),
          Integer.parseInt(views[1]),
          precision,
          Timed.DEVICE,
          threads,
          Collective.single());
    }
    TimedModel.Mode mode = TimedModel.Mode.valueOf(options.get("mode").toUpperCase(Locale.ROOT));
    DryRun.Size size = Scan.size(options.get("shape"));
    return new TimedModel(mode, precision, 1, Timed.DEVICE, threads, List.of(size));
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
    StringBuilder json = new StringBuilder("{\"name\": \"" + work.name() + "\"");
    json.append(", \"device\": \"").append(work.device().capabilities().description()).append('"');
    json.append(", \"threads\": ").append(options.get("threads"));
    json.append(", \"seconds\": [").append(times).append(']');
    if (!Double.isNaN(work.leastSeconds())) {
      json.append(String.format(Locale.ROOT, ", \"roofline\": %.6f", work.leastSeconds()));
    }
    json.append(", \"VmHWM_kB\": ").append(highWater());
    json.append(", \"ledger_peak\": ").append(work.device().ledger().peak());
    if (work instanceof TimedModel model) {
      json.append(", \"predicted_peak\": ").append(model.predictedPeak());
    }
    return json.append('}').toString();
  }

  /** Most memory this process ever had, in kB. */
  static long highWater() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/self/status has no VmHWM");
  }
}
