package dev.larmor.models.simclr.view;

/** All values times a factor. */
public record Brightness(double factor) implements Change {
  @Override
  public void apply(Volume volume) {
    float[] values = volume.values();
    float by = (float) factor;
    for (int i = 0; i < values.length; i++) {
      values[i] *= by;
    }
  }
}
