package dev.larmor.models.cli;

import picocli.CommandLine.Option;

/** What every random draw hangs on. */
final class SeedOption {
  @Option(
      names = "--seed",
      defaultValue = "2025",
      paramLabel = "N",
      description = "Of everything random (default: ${DEFAULT-VALUE}).")
  long seed;
}
