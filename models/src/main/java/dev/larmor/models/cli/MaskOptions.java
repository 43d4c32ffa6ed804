package dev.larmor.models.cli;

import dev.larmor.models.data.SamplingMask.Comb;
import dev.larmor.models.training.TrainingMasks;
import picocli.CommandLine.Option;

/** Which masks are drawn for a training, and to validate what it trained. */
final class MaskOptions {
  @Option(
      names = "--center-fraction",
      defaultValue = "0.08",
      paramLabel = "C",
      description = "Share of the columns that every mask samples (default: ${DEFAULT-VALUE}).")
  private double centreFraction;

  @Option(
      names = "--mask-comb",
      defaultValue = "outer",
      paramLabel = "NAME",
      description =
          "How equispaced masks pass the centre: outer, every R-th of the other columns (the"
              + " challenge's); through, every R-th of all columns (fastMRI's) (default:"
              + " ${DEFAULT-VALUE}).")
  private Comb comb;

  /**
   * The masks to draw.
   *
   * @param acceleration R; 0 for each volume's own
   * @param randomProbability probability of a random instead of an equispaced mask
   */
  TrainingMasks masks(int acceleration, double randomProbability) {
    return new TrainingMasks(acceleration, centreFraction, randomProbability, comb);
  }
}
