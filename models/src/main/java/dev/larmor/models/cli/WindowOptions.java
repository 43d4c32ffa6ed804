package dev.larmor.models.cli;

import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.ssl.adapt.segmentation.SlidingWindow;
import picocli.CommandLine.Option;

/** How whole volumes are segmented. */
final class WindowOptions {
  @Option(
      names = "--step",
      defaultValue = "0.5",
      paramLabel = "SHARE",
      description = "From patch to patch, as a share of the patch (default: ${DEFAULT-VALUE}).")
  private double step;

  @Option(
      names = "--no-mirroring",
      description = "See each patch once, not in all 8 mirrored ways: 8 times as fast.")
  private boolean plain;

  /**
   * The window.
   *
   * @throws IllegalArgumentException in one sentence, if there is none of such a step
   */
  SlidingWindow window(Extent patch) {
    return new SlidingWindow(patch, step, !plain);
  }
}
