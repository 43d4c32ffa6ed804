package dev.larmor.models.ssl.preprocess.numerics;

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
}
