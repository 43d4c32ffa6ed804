package dev.larmor.models.data.simulate;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.nifti.NiftiVolume;
import java.util.Arrays;

/**
 * An anatomical image in scanner coordinates, and the box in which its object lies.
 *
 * <p>Coordinates are mm along right, front and top from the image's first voxel; a tilt of the
 * voxel grid against the scanner is ignored. Values are shifted such that the smallest is 0.
 */
final class Subject {
  /** Voxels below this share of the 99th percentile are background. */
  private static final double BACKGROUND = 0.2;

  /** Planes with fewer object voxels than this share of the fullest plane are outside the box. */
  private static final double EDGE = 0.02;

  private final NiftiVolume volume;
  private final int[] shape;
  private final double[] spacing;
  private final double[] low = new double[3];
  private final double[] high = new double[3];
  private final float min;

  /**
   * @param image the image, of any orientation
   * @param source its name, for messages
   */
  Subject(NiftiVolume image, String source) {
    volume = image.canonical();
    shape = volume.shape();
    spacing = volume.spacing();
    float[] sorted = volume.values();
    for (float value : sorted) {
      if (!Float.isFinite(value)) {
        throw new DataException(source + ": holds " + value + ", expected finite intensities");
      }
    }
    Arrays.sort(sorted);
    min = sorted[0];
    double threshold = BACKGROUND * (sorted[(int) (0.99 * (sorted.length - 1))] - min);
    if (!(threshold > 0)) {
      throw new DataException(source + ": nearly all voxels are " + min + ": nothing to image");
    }
    findBox(threshold);
  }

  private void findBox(double threshold) {
    int[][] counts = {new int[shape[0]], new int[shape[1]], new int[shape[2]]};
    for (int z = 0; z < shape[2]; z++) {
      for (int y = 0; y < shape[1]; y++) {
        for (int x = 0; x < shape[0]; x++) {
          if (volume.at(x, y, z) - min > threshold) {
            counts[0][x]++;
            counts[1][y]++;
            counts[2][z]++;
          }
        }
      }
    }
    for (int axis = 0; axis < 3; axis++) {
      double least = EDGE * Arrays.stream(counts[axis]).max().orElseThrow();
      int first = 0;
      while (counts[axis][first] < least) {
        first++;
      }
      int last = shape[axis] - 1;
      while (counts[axis][last] < least) {
        last--;
      }
      low[axis] = first * spacing[axis];
      high[axis] = last * spacing[axis];
    }
  }

  /** Where the object begins along an axis, in mm. */
  double low(int axis) {
    return low[axis];
  }

  /** Where it ends. */
  double high(int axis) {
    return high[axis];
  }

  /** Its middle. */
  double centre(int axis) {
    return (low[axis] + high[axis]) / 2;
  }

  /** Its length. */
  double extent(int axis) {
    return high[axis] - low[axis];
  }

  /** The distance of voxels along an axis, in mm. */
  double spacing(int axis) {
    return spacing[axis];
  }

  /** The intensity at a point, interpolated linearly; 0 outside the image. */
  double at(double[] mm) {
    int[] base = new int[3];
    double[] share = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      double index = mm[axis] / spacing[axis];
      if (!(index > -1 && index < shape[axis])) {
        return 0;
      }
      base[axis] = (int) Math.floor(index);
      share[axis] = index - base[axis];
    }
    double sum = 0;
    for (int corner = 0; corner < 8; corner++) {
      int x = base[0] + (corner & 1);
      int y = base[1] + (corner >> 1 & 1);
      int z = base[2] + (corner >> 2);
      if (x >= 0 && x < shape[0] && y >= 0 && y < shape[1] && z >= 0 && z < shape[2]) {
        double weight = (corner & 1) == 0 ? 1 - share[0] : share[0];
        weight *= (corner >> 1 & 1) == 0 ? 1 - share[1] : share[1];
        weight *= corner >> 2 == 0 ? 1 - share[2] : share[2];
        sum += weight * (volume.at(x, y, z) - min);
      }
    }
    return sum;
  }
}
