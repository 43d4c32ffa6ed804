package dev.larmor.models.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The processors of a host that several ranks share.
 *
 * @param online of the host
 * @param allowed those that the launcher bound this process to
 * @param available what Java sees, a container's limit included
 */
record Processors(int online, int allowed, int available) {
  /** Those of this process. */
  static Processors ofProcess() {
    int available = Runtime.getRuntime().availableProcessors();
    try {
      int online = count(Files.readString(Path.of("/sys/devices/system/cpu/online")));
      String allowed =
          Files.readAllLines(Path.of("/proc/self/status")).stream()
              .filter(line -> line.startsWith("Cpus_allowed_list:"))
              .map(line -> line.substring(line.indexOf(':') + 1))
              .findFirst()
              .orElseThrow(() -> new IOException("no Cpus_allowed_list"));
      return new Processors(online, count(allowed), available);
    } catch (IOException e) {
      return new Processors(available, available, available); // not Linux
    }
  }

  /** How many are in a list such as {@code 0-3,8}. */
  static int count(String list) {
    return Arrays.stream(list.strip().split(","))
        .map(range -> range.split("-"))
        .mapToInt(ends -> Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1)
        .sum();
  }

  /** Whether the launcher leaves each of a host's ranks less than its share. */
  boolean isBound(int ranks) {
    return allowed < online && available < online / ranks;
  }

  /** What one of so many ranks takes: what it is bound to, else its share, at least one. */
  int share(int ranks) {
    int share = allowed < online ? Math.min(available, online / ranks) : available / ranks;
    return Math.max(1, share);
  }
}
