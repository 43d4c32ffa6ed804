package dev.larmor.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * The published model's training step beside the same one in PyTorch, on one card and in one call:
 * processes of the two in turns, each with the card to itself, and a table in Markdown of what they
 * took.
 */
public final class AgainstPyTorch {
  /** The most that ours may take of PyTorch's time and of its peak memory. */
  private static final double TARGET = 0.7;

  static final String HEADER =
      """
      | slice, precision | ours | s | PyTorch, s | ratio | ≤ 0.7 | of the fp32 roofline \
      | peak, GiB | PyTorch, GiB | ratio | ≤ 0.7 | of the card, GiB | PyTorch, GiB |
      |---|---|---|---|---|---|---|---|---|---|---|---|---|
      """;

  /** What the processes of one side reported, or why they did not. */
  static final class Side {
    private final List<Double> seconds = new ArrayList<>();
    private long peak;
    private long ofCard;
    private double roofline = Double.NaN;
    private String failure = "";

    /**
     * Adds a process's report.
     *
     * @param cardBytes what it took of the card by the driver's account, 0 if not known
     */
    void add(JsonNode report, long cardBytes) {
      report.get("seconds").forEach(s -> seconds.add(s.asDouble()));
      String bytes = report.has("ledger_peak") ? "ledger_peak" : "max_memory_allocated";
      peak = Math.max(peak, report.get(bytes).asLong());
      ofCard = Math.max(ofCard, cardBytes);
      roofline = report.path("roofline").asDouble(Double.NaN);
    }

    void fail(String message) {
      failure = message;
    }

    private boolean failed() {
      return !failure.isEmpty();
    }

    private double median() {
      return Median.of(seconds);
    }
  }

  private final String ours;
  private final String theirs;
  private final Map<String, String> options;

  private AgainstPyTorch(String ours, String theirs, Map<String, String> options) {
    this.ours = ours;
    this.theirs = theirs;
    this.options = options;
  }

  /**
   * {@code AgainstPyTorch "our command" "their command" [--shapes 15x640x372,16x768x396]
   * [--precisions fp32,tf32,bf16,fp16] [--rounds 2] [--steps 5] [--torch "--cudnn-benchmark"]}.
   */
  public static void main(String[] args) throws IOException {
    Map<String, String> options =
        new TreeMap<>(
            Map.of(
                "shapes",
                "15x640x372,16x768x396",
                "precisions",
                "fp32,tf32,bf16,fp16",
                "rounds",
                "2",
                "steps",
                "5",
                "torch",
                ""));
    for (int i = 2; i < args.length; i += 2) {
      String option = args[i].replaceFirst("^--", "");
      if (i + 1 == args.length || options.put(option, args[i + 1]) == null) {
        System.err.println(
            args[i] + " is not one of the options with a value, " + options.keySet());
        System.exit(2);
      }
    }
    String missing = new AgainstPyTorch(args[0], args[1], options).run();
    if (!missing.isEmpty()) {
      System.err.println(missing);
      System.exit(2);
    }
  }

  /** Prints the table; returns what is missing for one, in a sentence. */
  private String run() throws IOException {
    JsonNode card;
    try (StepProcess ready = new StepProcess(ours + " --mode op --op add/forward/1x1x2x2")) {
      card = json(ready.end());
    } catch (IOException e) {
      return "Nothing was compared, for want of a card: " + e.getMessage();
    }
    JsonNode torch;
    try (StepProcess ready = new StepProcess(theirs + " --shape 1x64x64 --warmup 0")) {
      torch = json(ready.end());
    } catch (IOException e) {
      return "Nothing was compared, for want of PyTorch: " + e.getMessage();
    }
    System.out.printf(
        "%s; PyTorch %s, CUDA %s, cuDNN %s; options %s%n%n%s",
        card.get("device").asText(),
        torch.get("torch").asText(),
        torch.get("cuda").asText(),
        torch.get("cudnn").asText(),
        options,
        HEADER);
    for (String shape : options.get("shapes").split(",")) {
      for (String precision : options.get("precisions").split(",")) {
        compare(shape, precision);
      }
    }
    return "";
  }

  private void compare(String shape, String precision) {
    String work = " --shape " + shape + " --precision " + precision + " --warmup 2";
    Map<String, Side> sides = new LinkedHashMap<>();
    sides.put("recompute", new Side());
    sides.put("train", new Side());
    Side torch = new Side();
    for (int round = 0; round < Integer.parseInt(options.get("rounds")); round++) {
      sides.forEach((mode, side) -> run(side, ours + " --mode " + mode + work));
      run(torch, theirs + " --mode recompute" + work + " " + options.get("torch"));
    }
    sides.forEach(
        (mode, side) -> System.out.println(row(shape + ", " + precision, mode, side, torch)));
  }

  /** Runs a process and adds its report; one that failed would fail again. */
  private void run(Side side, String command) {
    if (side.failed()) {
      return;
    }
    String device = System.getProperty("larmor.device", "cuda:0");
    OptionalLong before = CardMemory.used(device);
    try (StepProcess process = new StepProcess(command)) {
      for (int i = 0; i < Integer.parseInt(options.get("steps")); i++) {
        process.step();
      }
      // Both keep for reuse what they took once, so this is the most they took.
      OptionalLong after = CardMemory.used(device);
      boolean known = before.isPresent() && after.isPresent();
      side.add(json(process.end()), known ? after.getAsLong() - before.getAsLong() : 0);
    } catch (IOException e) {
      side.fail(e.getMessage());
    }
  }

  private static JsonNode json(String line) throws IOException {
    return new ObjectMapper().readTree(line);
  }

  /** A row of the table, or what failed. */
  static String row(String what, String mode, Side ours, Side torch) {
    if (ours.failed() || torch.failed()) {
      String failure = ours.failed() ? ours.failure : "PyTorch: " + torch.failure;
      return "| " + what + " | " + mode + " | " + failure + " |" + " |".repeat(10);
    }
    double time = ours.median() / torch.median();
    double memory = (double) ours.peak / torch.peak;
    return String.format(
        Locale.ROOT,
        "| %s | %s | %.4f | %.4f | %.3f | %s | %s | %s | %s | %.3f | %s | %s | %s |",
        what,
        mode,
        ours.median(),
        torch.median(),
        time,
        verdict(time),
        Double.isNaN(ours.roofline)
            ? "–"
            : String.format(Locale.ROOT, "%.3f", ours.roofline / ours.median()),
        gib(ours.peak),
        gib(torch.peak),
        memory,
        verdict(memory),
        gib(ours.ofCard),
        gib(torch.ofCard));
  }

  private static String verdict(double ratio) {
    return ratio <= TARGET ? "met" : "missed";
  }

  private static String gib(long bytes) {
    return bytes <= 0 ? "–" : String.format(Locale.ROOT, "%.2f", bytes / 0x1p30);
  }
}
