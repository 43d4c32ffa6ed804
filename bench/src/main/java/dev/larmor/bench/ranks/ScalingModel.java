package dev.larmor.bench.ranks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * On paper: what a step of SimCLR's pre-training on many cards takes and waits for. {@code
 * docs/scaling.md} holds what this prints, with the formulae in words.
 */
public final class ScalingModel {
  /** A number that the model starts from. */
  private record Input(double value, String unit, String whence) {}

  private final Map<String, Input> inputs = new LinkedHashMap<>();

  /** The model of the original's run on 12 cards. */
  ScalingModel() {
    input("parameters", 90_649_344, "", "the published network and its head");
    input("buckets", 33, "", "the exchange's, at 8 MB and more each, counted");
    input("embedding", 256, "features", "the published head");
    input("pairs", 33_000, "an epoch", "the original's 275 steps of 120");
    input("reference-cards", 12, "H100", "the original's run, 3 nodes of 4");
    input("reference-epoch", 441, "s", "the original's run; all of it is taken for computing");
    input("cards-per-node", 4, "", "the original's nodes");
    input("chunk", 9, "pairs", "what `larmor ssl plan-step` fits into 80 GB in fp32");
    input("nvlink", 300, "GB/s", "assumed: all-reduce within a node, H100");
    input("port", 25, "GB/s", "assumed: a node's network, 200 Gbit/s");
    input("slow-port", 1.25, "GB/s", "assumed: the same, 10 Gbit/s");
    input("host", 2, "GB/s", "measured: MPI's sum of host memory, two ranks of one node");
    input("pcie", 25, "GB/s", "assumed: gradients to the host and back");
    input("hop", 5, "us", "assumed: a message from node to node, software included");
    input("in-flight", 4, "buckets", "the thread that calls MPI keeps so many under way");
    input("view", 16, "ms", "measured: a view of 160^3, one thread (14 to 18)");
    input("patch", 109, "ms", "measured: a patch of 160^3 read, one thread");
    input("checkpoint", 1.09, "GB", "weights and Adam's state");
    input("disk", 1, "GB/s", "assumed: rank 0 writes");
  }

  private void input(String name, double value, String unit, String whence) {
    inputs.put(name, new Input(value, unit, whence));
  }

  /** Sets inputs by {@code NAME=VALUE} and prints the tables. */
  public static void main(String[] args) {
    ScalingModel model = new ScalingModel();
    for (String arg : args) {
      String[] words = arg.split("=", 2);
      if (words.length != 2 || !model.inputs.containsKey(words[0])) {
        System.err.println("expected NAME=VALUE with one of " + model.inputs.keySet());
        System.exit(2);
      }
      model.set(words[0], Double.parseDouble(words[1]));
    }
    System.out.print(model.markdown());
  }

  /** Changes an input. */
  ScalingModel set(String name, double value) {
    inputs.computeIfPresent(name, (_, old) -> new Input(value, old.unit, "given"));
    return this;
  }

  private double get(String name) {
    return inputs.get(name).value;
  }

  private double gradientBytes() {
    return get("parameters") * Float.BYTES;
  }

  /** How gradients are summed. */
  enum Way {
    /** NCCL's ring through all cards. */
    RING,
    /** Summed in each node, by a tree over nodes, and given back in each node. */
    TREE,
    /** Through host memory, by MPI: Rabenseifner's halving and doubling. */
    HOST
  }

  /**
   * A run.
   *
   * @param batch pairs
   * @param port a node's network, GB/s
   * @param buckets of the exchange
   * @param chunk pairs that go through the network together
   */
  record Run(
      String name, int cards, int batch, double port, Way way, double buckets, double chunk) {
    double pairs() {
      return (double) batch / cards;
    }
  }

  /**
   * A step's seconds.
   *
   * @param compute a card's
   * @param exchange of gradients, were there nothing else
   * @param window in which gradients are exchanged while the card computes
   * @param embeddings gathered, and their gradients scattered
   * @param gathers of a few numbers, three of them
   * @param loader threads that a card's views want
   */
  record Step(
      double compute,
      double exchange,
      double window,
      double exposed,
      double embeddings,
      double gathers,
      double loader) {
    double seconds() {
      return compute + waits();
    }

    private double waits() {
      return exposed + embeddings + gathers;
    }

    double share() {
      return waits() / seconds();
    }
  }

  /** What a step of {@code run} takes. */
  Step step(Run run) {
    double perPair =
        get("reference-epoch") / get("pairs") * get("reference-cards"); // seconds of one card
    double compute = perPair * run.pairs();
    double exchange = exchange(run);
    double window = window(run) * compute;
    // The last bucket has nothing left to hide behind.
    double exposed = Math.max(exchange - window, 0) + exchange / run.buckets;
    if (run.way == Way.HOST) {
      exposed += 2 * gradientBytes() / (get("pcie") * 1e9); // the card waits
    }
    double rows = 2.0 * run.batch * get("embedding") * Float.BYTES;
    double steps = Math.ceil(log2(run.cards)) * hop();
    double embeddings = 2 * (rows / (run.port * 1e9) + 2 * steps); // there and back, two views
    double gathers = 3 * 2 * steps; // lengths and bytes
    double threads = run.pairs() * (get("patch") + 2 * get("view")) * 1e-3;
    double seconds = compute + exposed + embeddings + gathers;
    return new Step(compute, exchange, window, exposed, embeddings, gathers, threads / seconds);
  }

  private static double log2(double number) {
    return Math.log(number) / Math.log(2);
  }

  private double hop() {
    return get("hop") * 1e-6;
  }

  private double exchange(Run run) {
    double bytes = gradientBytes();
    double all = run.cards;
    double node = Math.min(all, get("cards-per-node"));
    double nodes = Math.ceil(all / node);
    double port = run.port * 1e9;
    // NCCL's operations follow one another, of MPI's a few are under way together.
    double waves = run.way == Way.HOST ? run.buckets / get("in-flight") : run.buckets;
    return switch (run.way) {
      case RING -> 2 * (all - 1) / all * bytes / port + waves * 2 * (all - 1) * hop();
      case TREE ->
          2 * (node - 1) / node * bytes / (get("nvlink") * 1e9)
              + 2 * (nodes - 1) / nodes * bytes / port
              + waves * 2 * Math.ceil(log2(nodes)) * hop();
      case HOST ->
          // Each of a node's ranks sends all its bytes through the same port.
          2 * (all - 1) / all * bytes * Math.max(node / port, 1 / (get("host") * 1e9))
              + waves * 2 * Math.ceil(log2(all)) * hop();
    };
  }

  /**
   * The part of a step in which gradients come. A batch that fits the card has them in the last
   * third, the second view's being added. In chunks each view of a pair goes forward, forward again
   * and back, 1 + 1 + 2, and only the last chunk of the second view completes gradients.
   */
  private static double window(Run run) {
    double pairs = run.pairs();
    if (pairs <= run.chunk) {
      return 1.0 / 3;
    }
    double left = pairs % run.chunk;
    double last = left == 0 ? run.chunk : left;
    return 2.0 / 4 * last / (2 * pairs);
  }

  /** The runs of docs/scaling.md. */
  List<Run> runs() {
    double port = get("port");
    double slow = get("slow-port");
    double buckets = get("buckets");
    double chunk = get("chunk");
    return List.of(
        new Run("12 cards, 120 pairs", 12, 120, port, Way.RING, buckets, chunk),
        new Run("the same, slow network", 12, 120, slow, Way.RING, buckets, chunk),
        new Run("the same, two chunks of 5", 12, 120, slow, Way.RING, buckets, 5),
        new Run("12 cards, through host memory", 12, 120, port, Way.HOST, buckets, chunk),
        new Run("1,000 cards, 1,000 pairs", 1000, 1000, port, Way.RING, buckets, chunk),
        new Run("the same, buckets of 64 MB", 1000, 1000, port, Way.RING, 6, chunk),
        new Run("the same, tree over nodes", 1000, 1000, port, Way.TREE, 6, chunk),
        new Run("1,000 cards, 10,000 pairs, tree", 1000, 10_000, port, Way.TREE, 6, chunk));
  }

  /** All tables. */
  String markdown() {
    StringBuilder text =
        new StringBuilder(
            """
            | input | | from |
            |---|---|---|
            """);
    inputs.forEach((name, input) ->
        text.append(
            "| %s | %s %s | %s |%n"
                .formatted(name, number(input.value), input.unit, input.whence)
                .replace("  ", " ")));
    text.append(
        """

        | run | computing | exchange | hidden behind at most | waited for gradients | embeddings | small gathers | step | communication | epoch | loader threads a card |
        |---|---|---|---|---|---|---|---|---|---|---|
        """);
    for (Run run : runs()) {
      Step step = step(run);
      text.append(
          format(
              "| %s | %s | %s | %s | %s | %s | %s | %s | %.1f %% | %.1f s | %.2f |%n",
              run.name,
              ms(step.compute),
              ms(step.exchange),
              ms(step.window),
              ms(step.exposed),
              ms(step.embeddings),
              ms(step.gathers),
              ms(step.seconds()),
              100 * step.share(),
              step.seconds() * get("pairs") / run.batch,
              step.loader));
    }
    double save = get("checkpoint") / get("disk");
    Run original = runs().getFirst();
    Run most = runs().getLast();
    text.append(
        format(
            """

            | further | 12 cards, 120 pairs | 1,000 cards, 10,000 pairs |
            |---|---|---|
            | steps an epoch | %.0f | %.1f |
            | logits of a card, 2n x 2N | %.3f MB | %.2f MB |
            | all embeddings, both views | %.2f MB | %.1f MB |
            | images opened a second, all cards | %.0f | %.0f |
            | a checkpoint each epoch, all wait for rank 0 | %.1f %% | %.0f %% |
            """,
            get("pairs") / original.batch,
            get("pairs") / most.batch,
            logits(original),
            logits(most),
            embeddings(original),
            embeddings(most),
            original.batch / step(original).seconds(),
            most.batch / step(most).seconds(),
            100 * part(save, original),
            100 * part(save, most)));
    return text.toString();
  }

  private static double logits(Run run) {
    return 2 * run.pairs() * 2 * run.batch * Float.BYTES * 1e-6;
  }

  private double embeddings(Run run) {
    return 2 * run.batch * get("embedding") * Float.BYTES * 1e-6;
  }

  /** What {@code seconds} are of an epoch that has them besides. */
  private double part(double seconds, Run run) {
    return seconds / (seconds + step(run).seconds() * get("pairs") / run.batch);
  }

  private static String ms(double seconds) {
    return format(seconds < 0.01 ? "%.2f ms" : "%.0f ms", 1e3 * seconds);
  }

  private static String number(double value) {
    return value == Math.rint(value) ? format("%,.0f", value) : format("%s", value);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
