package dev.larmor.models.simclr.view;

/**
 * Contrast by a power: values are scaled to 0 … 1, raised to it and scaled back, so the least and
 * the greatest stay.
 *
 * <p>{@code pow} of every voxel would take longer than all the rest of a view. So the power is
 * looked up between 1024 knots an octave; it is within 1e-7 of the true one for powers from 0.5 to
 * 1.5.
 */
final class Gamma {
  private static final float EPSILON = 1e-7f;

  /** Numbers below 2^-24 are too few for knots. */
  private static final int OCTAVES = 24;

  /** The knots of an octave differ in the first 10 of a float's 23 bits behind the point. */
  private static final int KNOTS = 1 << 10;

  private static final int STEP_BITS = 13;
  private static final int STEP = 1 << STEP_BITS;
  private static final int LEAST = Float.floatToRawIntBits(0x1p-24f);
  private static final int ONE = Float.floatToRawIntBits(1) - LEAST;

  private final double gamma;
  private final float[] knots;

  Gamma(double gamma) {
    this.gamma = gamma;
    double[] octaves = new double[OCTAVES + 1];
    for (int octave = 0; octave <= OCTAVES; octave++) {
      octaves[octave] = StrictMath.pow(2, (octave - OCTAVES) * gamma);
    }
    double[] within = new double[KNOTS];
    for (int k = 0; k < KNOTS; k++) {
      within[k] = StrictMath.pow(1 + (double) k / KNOTS, gamma);
    }
    // One more knot behind 1, its right neighbour.
    knots = new float[OCTAVES * KNOTS + 2];
    for (int i = 0; i < knots.length; i++) {
      knots[i] = (float) (octaves[i / KNOTS] * within[i % KNOTS]);
    }
  }

  /** Changes all values; they are from {@code least} to {@code most}. */
  void apply(float[] values, float least, float most) {
    float range = most - least;
    float scale = 1 / (range + EPSILON);
    for (int i = 0; i < values.length; i++) {
      values[i] = power((values[i] - least) * scale) * range + least;
    }
  }

  /** The power of a number from 0 to 1. */
  float power(float x) {
    // As integers, the bits of positive floats are in the floats' order.
    int bits = Math.min(Float.floatToRawIntBits(x) - LEAST, ONE);
    if (bits < 0) {
      return (float) StrictMath.pow(x, gamma);
    }
    int knot = bits >>> STEP_BITS;
    float low = knots[knot];
    float weight = (bits & (STEP - 1)) * (1f / STEP);
    return low + weight * (knots[knot + 1] - low);
  }
}
