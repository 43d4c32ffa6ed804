package dev.larmor.models.ssl.preprocess;

import dev.larmor.models.data.image.Image3d.Place;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import java.util.Arrays;

/**
 * Where a preprocessed image comes from: enough to find the place of each voxel in the image as it
 * was read.
 *
 * @param place the grid of the image as it was read
 * @param spacing along axes 0, 1, 2 as they were read, in mm
 * @param shape after the axes were put in the plan's order; so all that follows
 * @param box what was cropped to; its shape is that before resampling
 */
public record Provenance(Place place, double[] spacing, int[] shape, Box box) {
  @Override
  public boolean equals(Object other) {
    return other instanceof Provenance(Place p, double[] s, int[] n, Box b)
        && place.equals(p)
        && Arrays.equals(spacing, s)
        && Arrays.equals(shape, n)
        && box.equals(b);
  }

  @Override
  public int hashCode() {
    return box.hashCode();
  }
}
