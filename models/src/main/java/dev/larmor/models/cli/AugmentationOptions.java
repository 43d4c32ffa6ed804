package dev.larmor.models.cli;

import dev.larmor.models.augment.Augmentation;
import picocli.CommandLine.Option;

/** How training samples are varied. */
final class AugmentationOptions {
  @Option(
      names = "--data-augmentation",
      description =
          "Vary the brightness of every training slice and the contrast of half of them, by up to"
              + " a fifth.")
  private boolean intensities;

  @Option(
      names = "--flip",
      defaultValue = "0",
      paramLabel = "P",
      description = "Mirror training slices left to right, with this probability (default: 0).")
  private double flip;

  @Option(
      names = "--rotation",
      defaultValue = "0",
      paramLabel = "P",
      description = "Turn training slices by 3 to 8 degrees, with this probability (default: 0).")
  private double rotation;

  @Option(
      names = "--scaling",
      defaultValue = "0",
      paramLabel = "P",
      description = "Scale training slices by 0.95 to 1.05, with this probability (default: 0).")
  private double scaling;

  @Option(
      names = "--shift",
      defaultValue = "0",
      paramLabel = "P",
      description =
          "Move training slices by 3 to 8 pixels each way, with this probability (default: 0).")
  private double shift;

  @Option(
      names = "--coils",
      defaultValue = "0",
      paramLabel = "P",
      description =
          "Vary coil sensitivities and phase of training slices by smooth random fields, with this"
              + " probability: for data sets of few coil arrays (default: 0).")
  private double coils;

  /**
   * The augmentation asked for.
   *
   * @throws IllegalArgumentException if a probability is none
   */
  Augmentation settings() {
    return new Augmentation(
        intensities ? 1 : 0, intensities ? 0.5 : 0, flip, rotation, scaling, shift, coils);
  }
}
