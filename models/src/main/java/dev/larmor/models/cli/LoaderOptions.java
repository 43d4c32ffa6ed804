package dev.larmor.models.cli;

import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import picocli.CommandLine.Option;

/** How a command reads a data set. */
final class LoaderOptions {
  @Option(
      names = "--workers",
      defaultValue = "1",
      paramLabel = "N",
      description = "Threads that read ahead (default: ${DEFAULT-VALUE}).")
  int workers;

  @Option(
      names = "--skip-bad-files",
      description = "Leave out files that cannot be used, and say which.")
  private boolean skipBadFiles;

  BadFiles badFiles() {
    return skipBadFiles ? BadFiles.SKIP : BadFiles.FAIL;
  }
}
