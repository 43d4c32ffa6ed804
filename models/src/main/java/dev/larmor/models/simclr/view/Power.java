package dev.larmor.models.simclr.view;

/**
 * Contrast by a power of values between least (0) and greatest (1), after which mean and standard
 * deviation are what they were.
 *
 * @param gamma the power
 * @param inverted of the negative: greatest is 0, least is 1
 */
public record Power(double gamma, boolean inverted) implements Change {
  private static final double EPSILON = 1e-8;

  @Override
  public void apply(Volume volume) {
    if (inverted) {
      new Brightness(-1).apply(volume);
    }
    float[] values = volume.values();
    Statistics before = Statistics.of(values);
    new Gamma(gamma).apply(values, before.least(), before.most());
    Statistics after = Statistics.of(values);
    double scale = before.deviation() / (after.deviation() + EPSILON);
    float by = (float) scale;
    float plus = (float) (before.mean() - after.mean() * scale);
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] * by + plus;
    }
    if (inverted) {
      new Brightness(-1).apply(volume);
    }
  }
}
