package dev.larmor.models.data.image;

import java.util.Arrays;
import java.util.Objects;

/**
 * A three-dimensional image of one or more channels on a regular grid, in memory.
 *
 * <p>Axes are named as arrays have them: 0, 1, 2 are z, y, x of the file, the last the fastest.
 *
 * @param values {@code [channels, n0, n1, n2]}, row-major
 * @param channels at least 1
 * @param shape the three extents n0, n1, n2
 * @param spacing the distance of neighbouring voxels along axes 0, 1, 2, in mm, positive
 * @param place where the grid lies in the scanner
 */
public record Image3d(float[] values, int channels, int[] shape, double[] spacing, Place place) {
  /**
   * The grid in the patient's space, in ITK's words and order (x, y, z; LPS).
   *
   * @param spacing of neighbouring voxels, in mm
   * @param origin of the first voxel, in mm
   * @param direction a 3 × 3 matrix, row-major, whose columns are the axes' unit vectors
   */
  public record Place(double[] spacing, double[] origin, double[] direction) {
    public Place {
      spacing = spacing.clone();
      origin = origin.clone();
      direction = direction.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Place(double[] s, double[] o, double[] d)
          && Arrays.equals(spacing, s)
          && Arrays.equals(origin, o)
          && Arrays.equals(direction, d);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(origin);
    }
  }

  /** Checks the extents; the arrays are not copied. */
  public Image3d {
    Objects.requireNonNull(place, "place");
    if (shape.length != 3 || spacing.length != 3) {
      throw new IllegalArgumentException(
          "three extents and spacings, not %d and %d".formatted(shape.length, spacing.length));
    }
    if ((long) channels * shape[0] * shape[1] * shape[2] != values.length) {
      throw new IllegalArgumentException(
          "%d values for %d channels of %s"
              .formatted(values.length, channels, Arrays.toString(shape)));
    }
  }

  /** Voxels of one channel. */
  public int voxels() {
    return shape[0] * shape[1] * shape[2];
  }
}
