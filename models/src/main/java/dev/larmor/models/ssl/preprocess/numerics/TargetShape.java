package dev.larmor.models.ssl.preprocess.numerics;

import dev.larmor.models.data.DataException;
import java.util.Arrays;

/** The extents of an image on a grid of another spacing. */
public final class TargetShape {
  private TargetShape() {}

  /**
   * The number of new voxels nearest to the same length along each axis; of two, the even one.
   *
   * @return may hold a zero, where half a new voxel or less would be left
   */
  public static int[] of(int[] shape, double[] spacing, double[] target) {
    int[] result = new int[3];
    for (int axis = 0; axis < 3; axis++) {
      // In this order of operations: its rounding decides between neighbours.
      result[axis] = Math.toIntExact((long) Math.rint(spacing[axis] / target[axis] * shape[axis]));
    }
    return result;
  }

  /**
   * The same for an image that is to be resampled.
   *
   * @param name where it is from, for messages
   * @throws DataException if nothing would be left, or more than an array holds
   */
  public static int[] of(String name, int[] shape, double[] spacing, double[] target) {
    int[] to = of(shape, spacing, target);
    long voxels = 1;
    for (int extent : to) {
      voxels = extent < 1 ? 0 : Math.min(voxels * extent, Integer.MAX_VALUE);
    }
    if (voxels == 0 || voxels > Integer.MAX_VALUE - 8) {
      throw new DataException(
          "%s: %s voxels at %s mm would be %s at %s mm"
              .formatted(
                  name,
                  Arrays.toString(shape),
                  Arrays.toString(spacing),
                  Arrays.toString(to),
                  Arrays.toString(target)));
    }
    return to;
  }
}
