package dev.larmor.bench.peer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * A process around one {@link Peer}: it steps a number of times, or once for every line it reads,
 * so that a coordinator can let two processes run in turns, and ends with one line of JSON.
 */
final class PeerProcess {
  private final Map<String, String> options = new HashMap<>();

  /** Takes {@code --key value} pairs; every key has a default. */
  PeerProcess(String[] args, Map<String, String> defaults, String usage) {
    options.putAll(defaults);
    for (int i = 0; i < args.length; i += 2) {
      String key = args[i].replaceFirst("^--", "");
      if (!defaults.containsKey(key) || i + 1 == args.length) {
        throw new IllegalArgumentException(args[i] + " is not an option with a value\n" + usage);
      }
      options.put(key, args[i + 1]);
    }
  }

  String option(String key) {
    return options.get(key);
  }

  int number(String key) {
    return Integer.parseInt(option(key));
  }

  /**
   * Steps {@code --warmup} and then {@code --steps} times, or once a line of standard input if
   * {@code --steps} is {@code stdin}, and prints the wall seconds of every step; the last line is
   * the JSON, with the processor seconds of all the steps together.
   *
   * @param extra further fields of the last line, asked for after the steps: name and JSON value
   */
  void run(Peer peer, Supplier<Map<String, Object>> extra) {
    for (int i = 0; i < number("warmup"); i++) {
      System.out.printf(Locale.ROOT, "warmup %.6f%n", peer.step());
    }
    List<Double> seconds = new ArrayList<>();
    Duration cpu = cpuTime();
    if (option("steps").equals("stdin")) {
      System.out.println("ready");
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      while (readLine(lines) != null) {
        step(peer, seconds);
      }
    } else {
      for (int i = 0; i < number("steps"); i++) {
        step(peer, seconds);
      }
    }
    String times =
        seconds.stream()
            .map(s -> String.format(Locale.ROOT, "%.6f", s))
            .collect(Collectors.joining(", "));
    StringBuilder json = new StringBuilder("{\"name\": \"" + peer.name() + "\"");
    extra.get().forEach((k, v) -> json.append(", \"").append(k).append("\": ").append(v));
    json.append(", \"threads\": ").append(option("threads"));
    json.append(", \"seconds\": [").append(times).append(']');
    json.append(", \"cpu_milliseconds\": ").append(cpuTime().minus(cpu).toMillis());
    json.append(", \"VmHWM_kB\": ").append(status("VmHWM"));
    json.append(", \"VmRSS_kB\": ").append(status("VmRSS")).append('}');
    System.out.println(json);
  }

  private static void step(Peer peer, List<Double> seconds) {
    double s = peer.step();
    seconds.add(s);
    System.out.printf(Locale.ROOT, "step %.6f%n", s);
  }

  private static String readLine(BufferedReader lines) {
    try {
      return lines.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Duration cpuTime() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** A field of {@code /proc/self/status} in kB. */
  static long status(String field) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith(field + ":")) {
          return Long.parseLong(line.replaceAll("[^0-9]", ""));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    throw new IllegalStateException("/proc/self/status has no " + field);
  }
}
