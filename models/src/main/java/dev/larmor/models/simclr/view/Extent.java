package dev.larmor.models.simclr.view;

/**
 * How many voxels a volume has along axes 0, 1 and 2, the last the fastest: each at least 1, all
 * together at most 2^31 − 1.
 */
public record Extent(int n0, int n1, int n2) {
  /** Checks that there are voxels, and that an array can hold them. */
  public Extent {
    if (n0 < 1 || n1 < 1 || n2 < 1 || (long) n0 * n1 > Integer.MAX_VALUE / n2) {
      throw new IllegalArgumentException(
          "no volume has the extents %d x %d x %d".formatted(n0, n1, n2));
    }
  }

  /** A cube. */
  public static Extent cube(int side) {
    return new Extent(side, side, side);
  }

  /** Voxels along axis 0, 1 or 2. */
  public int along(int axis) {
    return switch (axis) {
      case 0 -> n0;
      case 1 -> n1;
      default -> n2;
    };
  }

  /** The same but along one axis. */
  Extent with(int axis, int extent) {
    return new Extent(axis == 0 ? extent : n0, axis == 1 ? extent : n1, axis == 2 ? extent : n2);
  }

  /** Voxels of a plane of axes 1 and 2. */
  public int plane() {
    return n1 * n2;
  }

  /** All voxels. */
  public int voxels() {
    return n0 * n1 * n2;
  }

  @Override
  public String toString() {
    return n0 + "x" + n1 + "x" + n2;
  }
}
