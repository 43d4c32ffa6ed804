package dev.larmor.models.ssl.preprocess.numerics;

/**
 * Two grids over the same length: {@code from} voxels there, {@code to} voxels here.
 *
 * <p>Voxels are cells, so their edges coincide and not their centres: {@code there = (here + ½) ·
 * from/to − ½}.
 */
record Axis(int from, int to) {
  /** Where the centre of voxel {@code k} lies on the old grid, from -½ to {@code from} - ½. */
  double at(int k) {
    return (k + 0.5) * ((double) from / to) - 0.5;
  }

  /** The same, but beyond the centre of the first or last voxel, that centre. */
  double clampedAt(int k) {
    return Math.clamp(at(k), 0.0, from - 1.0);
  }

  /** The old voxel whose centre is nearest to that of voxel {@code k}; of two, the upper one. */
  int nearest(int k) {
    return (int) Math.floor(clampedAt(k) + 0.5);
  }
}
