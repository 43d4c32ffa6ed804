package dev.larmor.bench.peer;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * A process that trains, reconstructs, times one operation, or checks itself against a golden file.
 */
public final class PeerMain {
  private static final String USAGE =
      """
      --mode train|recompute|recompute_all|reconstruct   [--shape 15x640x372]
      --mode encoder [--views 2x64]                      SimCLR: images x edge of the views
      --mode op --op OPERATION                           (see OpPeer)
      --mode check --golden fivarnet_small.safetensors
      --mode check-encoder
      --mode tensors --file weights.pt                   what libtorch reads from a file
      --mode tensors --file a.pt --out b.pt              and writes of it
      --mode info
      [--threads 2] [--precision fp32|bf16] [--warmup 1] [--steps 2|stdin]\
      """;

  private PeerMain() {}

  /** Runs {@code --mode}; prints the seconds of every step and ends with one line of JSON. */
  public static void main(String[] args) throws IOException {
    PeerProcess process =
        new PeerProcess(
            args,
            Map.ofEntries(
                Map.entry("mode", "recompute"),
                Map.entry("shape", "15x640x372"),
                Map.entry("views", "2x64"),
                Map.entry("op", ""),
                Map.entry("golden", ""),
                Map.entry("file", ""),
                Map.entry("out", ""),
                Map.entry("threads", "2"),
                Map.entry("precision", "fp32"),
                Map.entry("warmup", "1"),
                Map.entry("steps", "2")),
            USAGE);
    int threads = process.number("threads");
    String precision = process.option("precision");
    switch (process.option("mode")) {
      case "info" -> System.out.println(OpPeer.build(threads));
      case "check" -> GoldenCheck.run(Path.of(process.option("golden")));
      case "check-encoder" -> EncoderPeer.check();
      case "tensors" -> {
        Path file = Path.of(process.option("file"));
        TorchFile.print(file);
        if (!process.option("out").isEmpty()) {
          TorchFile.rewrite(file, Path.of(process.option("out")));
        }
      }
      case "encoder" -> {
        String[] views = process.option("views").split("x");
        if (views.length != 2) {
          throw new IllegalArgumentException(
              "views " + process.option("views") + " are not IMAGESxEDGE");
        }
        int images = Integer.parseInt(views[0]);
        int edge = Integer.parseInt(views[1]);
        try (EncoderPeer peer = new EncoderPeer(images, edge, threads, precision)) {
          process.run(
              peer, () -> Map.of("parameters", peer.weights().count(), "loss", peer.lastLoss()));
        }
      }
      case "op" -> {
        try (Peer peer = new OpPeer(process.option("op"), threads, precision)) {
          process.run(peer, Map::of);
        }
      }
      default -> {
        FiVarNetPeer.Mode mode =
            FiVarNetPeer.Mode.valueOf(process.option("mode").toUpperCase(Locale.ROOT));
        String[] shape = process.option("shape").split("x");
        if (shape.length != 3) {
          throw new IllegalArgumentException(
              "shape " + process.option("shape") + " is not COILSxHEIGHTxWIDTH");
        }
        try (FiVarNetPeer peer =
            new FiVarNetPeer(
                mode,
                Integer.parseInt(shape[0]),
                Integer.parseInt(shape[1]),
                Integer.parseInt(shape[2]),
                threads,
                precision,
                2025)) {
          process.run(
              peer,
              () ->
                  mode == FiVarNetPeer.Mode.RECONSTRUCT
                      ? Map.of("parameters", peer.parameterCount())
                      : Map.of("parameters", peer.parameterCount(), "loss", peer.lastLoss()));
        }
      }
    }
  }
}
