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
      --mode op --op OPERATION                           (see OpPeer)
      --mode check --golden fivarnet_small.safetensors
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
            Map.of(
                "mode", "recompute",
                "shape", "15x640x372",
                "op", "",
                "golden", "",
                "file", "",
                "out", "",
                "threads", "2",
                "precision", "fp32",
                "warmup", "1",
                "steps", "2"),
            USAGE);
    int threads = process.number("threads");
    String precision = process.option("precision");
    switch (process.option("mode")) {
      case "info" -> System.out.println(OpPeer.build(threads));
      case "check" -> GoldenCheck.run(Path.of(process.option("golden")));
      case "tensors" -> {
        Path file = Path.of(process.option("file"));
        TorchFile.print(file);
        if (!process.option("out").isEmpty()) {
          TorchFile.rewrite(file, Path.of(process.option("out")));
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
