package dev.larmor.models.augment;

import dev.larmor.engine.Philox;
import java.util.Optional;

/**
 * How often each change is made to a training sample, as probabilities. How large it is then is
 * uniform in the ranges below; of coils, normal.
 *
 * @param brightness factor 0.8 to 1.2
 * @param contrast factor 0.8 to 1.2
 * @param flip left to right
 * @param rotation 3 to 8 degrees, either way
 * @param scaling factor 0.95 to 1.05
 * @param shift 3 to 8 whole pixels on both axes, either way
 * @param coils other sensitivities and phase: see {@link Coils}
 */
public record Augmentation(
    double brightness,
    double contrast,
    double flip,
    double rotation,
    double scaling,
    double shift,
    double coils) {
  /** Samples as they are. */
  public static final Augmentation NONE = new Augmentation(0, 0, 0, 0, 0, 0, 0);

  private static final double LEAST_FACTOR = 0.8;
  private static final double MOST_FACTOR = 1.2;
  private static final double LEAST_SCALE = 0.95;
  private static final double MOST_SCALE = 1.05;
  private static final double LEAST_DEGREES = 3;
  private static final double MOST_DEGREES = 8;
  private static final int LEAST_SHIFT = 3;
  private static final int MOST_SHIFT = 8;

  /** Checks the probabilities. */
  public Augmentation {
    probability("brightness", brightness);
    probability("contrast", contrast);
    probability("flip", flip);
    probability("rotation", rotation);
    probability("scaling", scaling);
    probability("shift", shift);
    probability("coils", coils);
  }

  private static void probability(String what, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(
          "the probability of " + what + " must be in [0, 1], not " + value);
    }
  }

  /**
   * Draws what is done to a sample.
   *
   * @param stream the sample's own: the same stream gives the same variation
   */
  public Variation draw(Philox stream) {
    return new Variation(
        new Intensity(
            factor(brightness, LEAST_FACTOR, MOST_FACTOR, stream.with("brightness")),
            factor(contrast, LEAST_FACTOR, MOST_FACTOR, stream.with("contrast"))),
        coils(stream.with("coils")),
        new Geometry(
            happens(flip, stream.with("flip")),
            degrees(stream.with("rotation")),
            factor(scaling, LEAST_SCALE, MOST_SCALE, stream.with("scaling")),
            pixels(stream.with("shift"), "down"),
            pixels(stream.with("shift"), "right")));
  }

  // Number 0 of a stream decides whether, number 1 how much, number 2 which way.

  private static boolean happens(double probability, Philox stream) {
    return stream.uniform(0) < probability;
  }

  private static double factor(double probability, double least, double most, Philox stream) {
    return happens(probability, stream) ? least + (most - least) * stream.uniform(1) : 1;
  }

  private Optional<Coils> coils(Philox stream) {
    return happens(coils, stream) ? Optional.of(new Coils(stream)) : Optional.empty();
  }

  private double degrees(Philox stream) {
    if (!happens(rotation, stream)) {
      return 0;
    }
    double size = LEAST_DEGREES + (MOST_DEGREES - LEAST_DEGREES) * stream.uniform(1);
    return stream.below(2, 2) == 0 ? size : -size;
  }

  private int pixels(Philox stream, String axis) {
    if (!happens(shift, stream)) {
      return 0;
    }
    Philox own = stream.with(axis);
    int size = LEAST_SHIFT + own.below(MOST_SHIFT - LEAST_SHIFT + 1, 1);
    return own.below(2, 2) == 0 ? size : -size;
  }
}
