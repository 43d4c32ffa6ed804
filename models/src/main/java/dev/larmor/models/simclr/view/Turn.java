package dev.larmor.models.simclr.view;

/**
 * A rotation in the plane of axes 1 and 2 about the middle, bilinear; what comes from beyond the
 * border is as the border. All planes turn alike, so places and weights are found once.
 */
final class Turn {
  private final int[] corner;
  private final float[] weight1;
  private final float[] weight2;

  /** From a voxel to its neighbours along axes 1 and 2; none where there is but one voxel. */
  private final int step1;

  private final int step2;

  /**
   * @param angle in radians, from axis 1 towards axis 2
   */
  Turn(Extent extent, double angle) {
    int n1 = extent.n1();
    int n2 = extent.n2();
    corner = new int[n1 * n2];
    weight1 = new float[n1 * n2];
    weight2 = new float[n1 * n2];
    step1 = n1 > 1 ? n2 : 0;
    step2 = n2 > 1 ? 1 : 0;
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    double middle1 = (n1 - 1) / 2.0;
    double middle2 = (n2 - 1) / 2.0;
    for (int i1 = 0; i1 < n1; i1++) {
      for (int i2 = 0; i2 < n2; i2++) {
        double y = i1 - middle1;
        double x = i2 - middle2;
        double place1 = Math.clamp(cos * y - sin * x + middle1, 0, n1 - 1);
        double place2 = Math.clamp(sin * y + cos * x + middle2, 0, n2 - 1);
        // The last voxel is the one above, with all the weight.
        int low1 = Math.min((int) place1, Math.max(n1 - 2, 0));
        int low2 = Math.min((int) place2, Math.max(n2 - 2, 0));
        int at = i1 * n2 + i2;
        corner[at] = low1 * n2 + low2;
        weight1[at] = (float) (place1 - low1);
        weight2[at] = (float) (place2 - low2);
      }
    }
  }

  /** Turns one plane. */
  void plane(float[] from, float[] into, int start) {
    for (int i = 0; i < corner.length; i++) {
      int at = corner[i];
      float low = from[at] + weight2[i] * (from[at + step2] - from[at]);
      float next = from[at + step1];
      float high = next + weight2[i] * (from[at + step1 + step2] - next);
      into[start + i] = low + weight1[i] * (high - low);
    }
  }
}
