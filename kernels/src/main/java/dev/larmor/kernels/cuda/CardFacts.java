package dev.larmor.kernels.cuda;

import java.util.Locale;

/**
 * A card as its driver describes it.
 *
 * @param name the maker's name, such as {@code NVIDIA GeForce GTX 1080}
 * @param major compute capability, first number: 6 is Pascal, 8 Ampere, 9 Hopper
 * @param minor compute capability, second number
 * @param memoryBytes memory of the card
 * @param multiprocessors streaming multiprocessors
 * @param clockHertz highest clock of the multiprocessors
 * @param bandwidth bytes a second between card and its memory
 * @param driver version of NVIDIA's driver, as 12040 for 12.4
 */
record CardFacts(
    String name,
    int major,
    int minor,
    long memoryBytes,
    int multiprocessors,
    double clockHertz,
    double bandwidth,
    int driver) {
  /** As in {@code sm_61}. */
  String architecture() {
    return "sm_" + major + minor;
  }

  /** {@code 10·major + minor}. */
  int capability() {
    return 10 * major + minor;
  }

  /** Multiply-adds that a multiprocessor starts in a clock, in F32. */
  private int lanes() {
    return switch (capability()) {
      case 60, 70, 72, 75, 80 -> 64;
      default -> 128;
    };
  }

  double flopPerSecond() {
    return 2.0 * lanes() * multiprocessors * clockHertz;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s, compute capability %d.%d, driver %d.%d",
        name,
        major,
        minor,
        driver / 1000,
        driver % 1000 / 10);
  }
}
