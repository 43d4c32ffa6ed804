package dev.larmor.kernels.cuda;

import dev.larmor.engine.Collective;
import dev.larmor.engine.CollectiveException;
import dev.larmor.engine.DeviceException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a rank tells the others of its card, so that all come to the same conclusion whether the
 * cards can work together.
 *
 * @param host what no other host has: two may have one name, and containers of one host several
 * @param hostName for people
 * @param card as in {@code cuda:0}
 * @param busId the card's place in its host
 * @param channelsLast the order that its feature maps are kept in
 * @param nccl version of the library; empty if there is none
 * @param missing why there is none
 */
record Introduction(
    String host,
    String hostName,
    String card,
    String busId,
    boolean channelsLast,
    String nccl,
    String missing) {
  static Introduction of(String card, Cuda cuda, boolean channelsLast) {
    String nccl = "";
    String missing = "";
    try {
      nccl = cuda.nccl().version();
    } catch (DeviceException e) {
      missing = e.getMessage();
    }
    String hostName = kernelSays("hostname");
    String started = kernelSays("random/boot_id");
    return new Introduction(
        started.isEmpty() ? hostName : started,
        hostName,
        card,
        cuda.driver().busId(),
        channelsLast,
        nccl,
        missing);
  }

  private static String kernelSays(String what) {
    try {
      return Files.readString(Path.of("/proc/sys/kernel", what)).strip();
    } catch (IOException e) {
      return ""; // not every container tells
    }
  }

  /** All ranks' introductions, by rank. */
  static List<Introduction> exchange(Introduction own, Collective ranks) {
    return ranks.gather(own.bytes()).stream().map(Introduction::parse).toList();
  }

  private byte[] bytes() {
    return String.join(
            "\n",
            List.of(host, hostName, card, busId, Boolean.toString(channelsLast), nccl, missing))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Introduction parse(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split("\n", 7);
    return new Introduction(
        parts[0], parts[1], parts[2], parts[3], Boolean.parseBoolean(parts[4]), parts[5], parts[6]);
  }

  /**
   * Why these ranks' cards go through the host, in one sentence; null if they need not.
   *
   * @throws CollectiveException if two ranks share a card, which NCCL hangs on
   */
  static String obstacle(List<Introduction> ranks) {
    Introduction first = ranks.getFirst();
    for (int r = 0; r < ranks.size(); r++) {
      Introduction rank = ranks.get(r);
      if (!rank.missing.isEmpty()) {
        return "%s (rank %d, host %s)".formatted(rank.missing, r, rank.hostName);
      }
      if (!rank.nccl.equals(first.nccl)) {
        return "rank 0 has %s and rank %d %s".formatted(first.nccl, r, rank.nccl);
      }
      if (rank.channelsLast != first.channelsLast) {
        return "the cards of ranks 0 and %d keep feature maps in different orders".formatted(r);
      }
    }
    for (int r = 0; r < ranks.size(); r++) {
      for (int q = 0; q < r; q++) {
        Introduction other = ranks.get(q);
        if (other.host.equals(ranks.get(r).host) && other.busId.equals(ranks.get(r).busId)) {
          throw new CollectiveException(
              ("ranks %d and %d of host %s are both on %s (%s): give each a card of its own, with"
                      + " --device cuda, or set NCCL_LIBRARY=off to go through the host")
                  .formatted(q, r, other.hostName, other.card, other.busId));
        }
      }
    }
    return null;
  }
}
