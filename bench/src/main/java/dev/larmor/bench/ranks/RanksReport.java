package dev.larmor.bench.ranks;

import dev.larmor.bench.Median;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Tables in Markdown of the medians of what {@link RankProcess} and the C program printed. */
public final class RanksReport {
  private static final String RESULT = "result ";

  private final Map<String, List<Double>> seconds = new TreeMap<>();

  /** Reads from standard input. */
  public static void main(String[] args) throws IOException {
    RanksReport report = new RanksReport();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      report.add(line);
    }
    System.out.print(report.markdown());
  }

  /** Adds a line {@code result NAME SECONDS}; passes over others. */
  void add(String line) {
    if (line.startsWith(RESULT)) {
      String[] words = line.substring(RESULT.length()).split(" ", 2);
      seconds.computeIfAbsent(words[0], _ -> new ArrayList<>()).add(Double.parseDouble(words[1]));
    }
  }

  /** The tables of all that was measured. */
  String markdown() {
    StringBuilder text = new StringBuilder();
    allReduce(text);
    if (has("overlap/overlapped")) {
      overlap(text);
    }
    if (has("scaling/1/step") && has("scaling/2/step")) {
      scaling(text);
    }
    if (has("compute/1x1") && has("compute/1x2") && has("compute/2x1")) {
      compute(text);
    }
    return text.toString();
  }

  private boolean has(String name) {
    return seconds.containsKey(name);
  }

  private double median(String name) {
    return Median.of(seconds.get(name));
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }

  private void allReduce(StringBuilder text) {
    List<Long> sizes =
        seconds.keySet().stream()
            .filter(name -> name.matches("allreduce/\\d+/raw"))
            .map(name -> Long.parseLong(name.split("/")[1]))
            .filter(bytes -> has("allreduce/" + bytes + "/c"))
            .sorted()
            .toList();
    if (sizes.isEmpty()) {
      return;
    }
    text.append(
        """

        | all-reduce, 2 ranks | C, `MPI_Allreduce` | C, `MPI_Iallreduce` | ours, host memory | ours, tensors of `cpu` | ours/C, bandwidth | goal |
        |---|---|---|---|---|---|---|
        """);
    for (long bytes : sizes) {
      String name = "allreduce/" + bytes + "/";
      double c = median(name + "c");
      double raw = median(name + "raw");
      text.append(
          format(
              "| %d MB | %s | %s | %s | %s | %.2f | 0.9 |%n",
              bytes / 1_000_000,
              bandwidth(bytes, c),
              bandwidth(bytes, median(name + "c-nonblocking")),
              bandwidth(bytes, raw),
              bandwidth(bytes, median(name + "tensors")),
              c / raw));
    }
  }

  private static String bandwidth(long bytes, double seconds) {
    return format("%.2f ms, %.2f GB/s", 1e3 * seconds, bytes / seconds * 1e-9);
  }

  private void overlap(StringBuilder text) {
    double link = median("overlap/link");
    double alone = median("overlap/alone");
    double overlapped = median("overlap/overlapped");
    text.append(
        """

        | backward pass and exchange on a link of 1 Gbit/s | s |
        |---|---|
        """);
    row(text, "computing alone (asleep)", alone);
    row(text, "the link: one all-reduce of all gradients in host memory", link);
    row(text, "our exchange alone", median("overlap/exchange"));
    row(text, "computing, then our exchange", median("overlap/at-end"));
    row(text, "our exchange overlapped", overlapped);
    row(text, "of it waited after the last gradient", median("overlap/waited"));
    text.append(
        format(
            "| **efficiency**: max(computing, link) / overlapped | **%.3f** |%n",
            Math.max(alone, link) / overlapped));
  }

  private static void row(StringBuilder text, String what, double seconds) {
    text.append(format("| %s | %.3f |%n", what, seconds));
  }

  private void scaling(StringBuilder text) {
    text.append(
        """

        | emulated step, one batch | 1 rank | 2 ranks |
        |---|---|---|
        """);
    both(text, "computing (asleep), s", "compute");
    both(text, "step, s", "step");
    both(text, "of it waited for sums, s", "waited");
    double one = median("scaling/1/step");
    double two = median("scaling/2/step");
    text.append(
        format(
            "| **speedup / 2** (goal 0.9) | | **%.3f** |%n"
                + "| if computing were all, / 2 | | %.3f |%n"
                + "| downloading and uploading all gradients, ms | | %.1f |%n"
                + "| a small gather (three a step), ms | | %.3f |%n"
                + "| embeddings there and back, ms | | %.3f |%n",
            one / two / 2,
            median("scaling/1/compute") / median("scaling/2/compute") / 2,
            1e3 * median("scaling/2/staging"),
            1e3 * median("scaling/2/gather"),
            1e3 * median("scaling/2/embeddings")));
  }

  private void both(StringBuilder text, String what, String name) {
    text.append(
        format(
            "| %s | %.3f | %.3f |%n",
            what, median("scaling/1/" + name), median("scaling/2/" + name)));
  }

  private void compute(StringBuilder text) {
    double one = median("compute/1x1");
    double threads = median("compute/1x2");
    double ranks = median("compute/2x1");
    text.append(
        format(
            """

            | real step, one batch | s | against 1 rank of 1 thread |
            |---|---|---|
            | 1 rank of 1 thread | %.3f | 1 |
            | 1 rank of 2 threads | %.3f | %.2f |
            | 2 ranks of 1 thread | %.3f | %.2f |
            | 2 ranks against 2 threads, the same cores | | %.3f |
            """,
            one, threads, one / threads, ranks, one / ranks, threads / ranks));
  }
}
