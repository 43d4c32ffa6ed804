package dev.larmor.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/**
 * What is taken of a card's memory by all processes, as its driver tells: beside tensors, the
 * context, the libraries' code and what allocators keep.
 */
final class CardMemory {
  private CardMemory() {}

  /** The bytes taken of {@code cuda:N}; empty where {@code nvidia-smi} does not tell. */
  static OptionalLong used(String device) {
    if (!device.startsWith("cuda")) {
      return OptionalLong.empty();
    }
    ProcessBuilder query =
        new ProcessBuilder(
            "nvidia-smi",
            "--query-gpu=memory.used",
            "--format=csv,noheader,nounits",
            "--id=" + id(device, System.getenv("CUDA_VISIBLE_DEVICES")));
    try {
      Process process = query.redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try (BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        String mebibytes = lines.readLine();
        return mebibytes != null && mebibytes.matches("\\d+")
            ? OptionalLong.of(Long.parseLong(mebibytes) << 20)
            : OptionalLong.empty();
      }
    } catch (IOException _) {
      return OptionalLong.empty(); // no nvidia-smi
    }
  }

  /** What {@code nvidia-smi} calls a device, which knows nothing of the cards made visible. */
  static String id(String device, String visible) {
    int index = device.equals("cuda") ? 0 : Integer.parseInt(device.substring("cuda:".length()));
    String[] cards = visible == null || visible.isBlank() ? new String[0] : visible.split(",");
    return index < cards.length ? cards[index].strip() : Integer.toString(index);
  }
}
