package dev.larmor.models.simclr.view;

/**
 * A Gaussian blur along all axes, cut off at four standard deviations; the volume is mirrored at
 * its borders.
 *
 * @param deviation the Gaussian's standard deviation in voxels, positive
 */
public record Blur(double deviation) implements Change {
  private static final double CUT_OFF = 4;

  @Override
  public void apply(Volume volume) {
    Volume blurred = volume;
    for (int axis = 0; axis < 3; axis++) {
      int extent = volume.extent().along(axis);
      blurred = Lines.gaussian(extent, deviation, CUT_OFF).along(axis, blurred);
    }
    System.arraycopy(blurred.values(), 0, volume.values(), 0, volume.values().length);
  }
}
