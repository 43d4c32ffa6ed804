package dev.larmor.models.simclr.view;

/**
 * One channel of an image or a patch.
 *
 * @param values row-major, not copied
 */
public record Volume(float[] values, Extent extent) {
  /** Checks the number of values. */
  public Volume {
    checkSize(values, extent);
  }

  static void checkSize(float[] values, Extent extent) {
    if (values.length != extent.voxels()) {
      throw new IllegalArgumentException(values.length + " values for a volume of " + extent);
    }
  }

  /** A volume of zeros. */
  public static Volume of(Extent extent) {
    return new Volume(new float[extent.voxels()], extent);
  }

  /** The least value. */
  public float minimum() {
    float least = values[0];
    for (float value : values) {
      least = Math.min(least, value);
    }
    return least;
  }
}
