package dev.larmor.models.simclr.view;

/**
 * Distances from the mean times a factor, but no value beyond the least and greatest there were.
 */
public record Contrast(double factor) implements Change {
  @Override
  public void apply(Volume volume) {
    Statistics before = Statistics.of(volume.values());
    float[] values = volume.values();
    float by = (float) factor;
    float mean = (float) before.mean();
    for (int i = 0; i < values.length; i++) {
      float stretched = (values[i] - mean) * by + mean;
      values[i] = Math.clamp(stretched, before.least(), before.most());
    }
  }
}
