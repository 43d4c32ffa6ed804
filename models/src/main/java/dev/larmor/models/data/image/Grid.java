package dev.larmor.models.data.image;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The grid that a header tells of, whatever its format: checked before anything is allocated.
 *
 * @param extents along x, y, z; z is 1 in a flat one
 * @param channels of values at each voxel, or volumes of a series
 * @param flat whether the file has two axes only
 * @param place spacing positive
 */
record Grid(int[] extents, int channels, boolean flat, Image3d.Place place) {
  /** The spacing of the one slice of a flat image: this many times the largest of its own. */
  private static final double FLAT_SPACING = 999;

  /** What an array of floats can hold. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  /**
   * Checks a header.
   *
   * @param file for messages
   * @param key under which the file has its extents
   * @param extents of the two or three axes of space
   * @param spacing along them; the sign is dropped
   * @param direction three rows of three (LPS), columns of any length; the third one of a flat grid
   *     does not matter
   * @throws DataException if it is no grid or too large
   */
  static Grid of(
      Path file,
      String key,
      long[] extents,
      long channels,
      double[] spacing,
      double[] origin,
      double[][] direction) {
    boolean flat = extents.length == 2;
    double[] steps = {1, 1, 1};
    int[] sizes = {1, 1, 1};
    long numbers = 1;
    for (int axis = -1; axis < extents.length; axis++) {
      long extent = axis < 0 ? channels : extents[axis];
      if (extent < 1 || extent > MOST || numbers * extent > MOST) {
        throw new DataException(
            "%s: %s: extents %s with %d channels, expected positive ones and less than 2^31 numbers"
                .formatted(file, key, Arrays.toString(extents), channels));
      }
      numbers *= extent;
      if (axis >= 0) {
        sizes[axis] = (int) extent;
        steps[axis] = Math.abs(spacing[axis]);
        if (!(steps[axis] > 0 && steps[axis] < Double.POSITIVE_INFINITY)) {
          throw new DataException(
              "%s: a voxel of %s mm along axis %d".formatted(file, spacing[axis], axis + 1));
        }
      }
    }
    double[][] columns = Arrays.stream(direction).map(double[]::clone).toArray(double[][]::new);
    if (flat) {
      double[] normal = Axes.cross(Axes.column(direction, 0), Axes.column(direction, 1));
      for (int row = 0; row < 3; row++) {
        columns[row][2] = normal[row];
      }
    }
    columns = Axes.unitColumns(columns);
    double[] flattened = Arrays.stream(columns).flatMapToDouble(Arrays::stream).toArray();
    if (!Axes.isFinite(flattened) || !Axes.isFinite(origin)) {
      throw new DataException(
          "%s: directions %s and origin %s, expected finite numbers and no axis of length zero"
              .formatted(file, Arrays.deepToString(direction), Arrays.toString(origin)));
    }
    return new Grid(sizes, (int) channels, flat, new Image3d.Place(steps, origin, flattened));
  }

  /** All numbers, of all channels. */
  int count() {
    return channels * extents[0] * extents[1] * extents[2];
  }

  /** The image with these values, channel after channel, x fastest. */
  Image3d image(float[] values) {
    double[] s = place.spacing();
    double z = flat ? FLAT_SPACING * Math.max(s[0], s[1]) : s[2];
    return new Image3d(
        values,
        channels,
        new int[] {extents[2], extents[1], extents[0]},
        new double[] {z, s[1], s[0]},
        place);
  }

  /** Values stored voxel after voxel – all channels of each – as channel after channel. */
  float[] planar(float[] interleaved) {
    if (channels == 1) {
      return interleaved;
    }
    int voxels = count() / channels;
    float[] planar = new float[interleaved.length];
    for (int voxel = 0; voxel < voxels; voxel++) {
      for (int channel = 0; channel < channels; channel++) {
        planar[channel * voxels + voxel] = interleaved[voxel * channels + channel];
      }
    }
    return planar;
  }
}
