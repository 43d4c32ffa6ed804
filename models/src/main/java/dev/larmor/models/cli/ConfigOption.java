package dev.larmor.models.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option that {@link ConfigFile} reads before the command line is parsed. */
final class ConfigOption {
  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "YAML or JSON file with any of these options, without the dashes; the command line wins.")
  Path file;
}
