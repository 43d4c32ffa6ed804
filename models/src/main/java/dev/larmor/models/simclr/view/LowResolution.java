package dev.larmor.models.simclr.view;

/**
 * A volume as if taken with larger voxels: the nearest value for each of fewer voxels, and from
 * those a cubic spline back to the grid, within their least and greatest value.
 *
 * @param zoom the share of voxels that are left along each axis, in (0, 1]
 */
public record LowResolution(double zoom) implements Change {
  @Override
  public void apply(Volume volume) {
    Volume coarse = volume;
    for (int axis = 0; axis < 3; axis++) {
      int full = volume.extent().along(axis);
      int few = Math.max(1, (int) Math.rint(zoom * full));
      coarse = Lines.nearest(full, few).along(axis, coarse);
    }
    Statistics limits = Statistics.of(coarse.values());
    Volume fine = coarse;
    for (int axis = 0; axis < 3; axis++) {
      int few = coarse.extent().along(axis);
      fine = Lines.cubic(few, volume.extent().along(axis)).along(axis, fine);
    }
    float[] values = fine.values();
    for (int i = 0; i < values.length; i++) {
      volume.values()[i] = Math.clamp(values[i], limits.least(), limits.most());
    }
  }
}
