package dev.larmor.models.data.nifti;

import dev.larmor.models.data.DataException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A three-dimensional image with its place in space.
 *
 * <p>Values are scaled as the file says ({@code slope · stored + intercept}, in double precision)
 * and rounded to float.
 */
public final class NiftiVolume {
  private final int[] shape;
  private final double[][] affine;
  private final float[] values;

  NiftiVolume(int[] shape, double[][] affine, float[] values) {
    this.shape = shape;
    this.affine = affine;
    this.values = values;
  }

  /**
   * Reads a {@code .nii} or {@code .nii.gz} file; of a series, its first volume.
   *
   * @throws DataException if the file is missing, damaged, truncated or not a NIfTI volume of real
   *     numbers
   */
  public static NiftiVolume read(Path path) {
    return read(path, 0);
  }

  /**
   * Reads one volume of a series.
   *
   * @param path a {@code .nii} or {@code .nii.gz} file
   * @param volume its index along the fourth and further axes, counted together
   * @throws DataException as {@link #read(Path)}, or if the series has no such volume
   */
  public static NiftiVolume read(Path path, int volume) {
    NiftiFile file = NiftiFile.open(path);
    NiftiHeader header = file.header();
    if (header.extents().length < 3) {
      throw new DataException(path + ": " + header.extents().length + " axes, expected 3 to 7");
    }
    if (volume < 0 || volume >= header.volumes()) {
      throw new DataException(
          path + ": no volume " + volume + " in a series of " + header.volumes());
    }
    int[] shape = Arrays.copyOf(header.extents(), 3);
    long voxels = (long) shape[0] * shape[1] * shape[2];
    if (voxels > Integer.MAX_VALUE - 8) {
      throw new DataException(
          path + ": a volume of " + Arrays.toString(shape) + " voxels exceeds 2^31");
    }
    double[][] affine = header.affine();
    for (int axis = 0; axis < 3; axis++) {
      double length = length(affine, axis);
      if (!(length > 0 && length < Double.POSITIVE_INFINITY)) {
        throw new DataException(path + ": a voxel of " + length + " mm along axis " + (axis + 1));
      }
    }
    return new NiftiVolume(shape, affine, file.values(volume * voxels, (int) voxels));
  }

  /** Extents along x, y, z, in voxels. */
  public int[] shape() {
    return shape.clone();
  }

  /** The value at a voxel. */
  public float at(int x, int y, int z) {
    return values[(z * shape[1] + y) * shape[0] + x];
  }

  /** All values, x fastest, z slowest. */
  public float[] values() {
    return values.clone();
  }

  /**
   * The map from voxel indices to scanner coordinates: three rows of four, in mm; x grows to the
   * patient's right, y to the front, z to the top of the head (RAS).
   */
  public double[][] affine() {
    return Arrays.stream(affine).map(double[]::clone).toArray(double[][]::new);
  }

  /** The distance of neighbouring voxels along x, y, z, in mm. */
  public double[] spacing() {
    double[] spacing = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      spacing[axis] = length(affine, axis);
    }
    return spacing;
  }

  private static double length(double[][] affine, int axis) {
    return Math.hypot(Math.hypot(affine[0][axis], affine[1][axis]), affine[2][axis]);
  }

  /**
   * The same image with its axes permuted and flipped such that x runs to the right, y to the front
   * and z to the top of the head, as nearly as the voxel grid allows; nothing is interpolated.
   */
  public NiftiVolume canonical() {
    int[] axisOf = axesByDirection();
    int[] newShape = new int[3];
    boolean[] flip = new boolean[3];
    double[][] newAffine = new double[3][4];
    for (int row = 0; row < 3; row++) {
      newAffine[row][3] = affine[row][3];
    }
    for (int direction = 0; direction < 3; direction++) {
      int axis = axisOf[direction];
      newShape[direction] = shape[axis];
      flip[direction] = affine[direction][axis] < 0;
      for (int row = 0; row < 3; row++) {
        double step = affine[row][axis];
        newAffine[row][direction] = flip[direction] ? -step : step;
        if (flip[direction]) {
          newAffine[row][3] += step * (shape[axis] - 1);
        }
      }
    }
    float[] newValues = new float[values.length];
    int[] old = new int[3];
    int to = 0;
    for (int z = 0; z < newShape[2]; z++) {
      old[axisOf[2]] = flip[2] ? newShape[2] - 1 - z : z;
      for (int y = 0; y < newShape[1]; y++) {
        old[axisOf[1]] = flip[1] ? newShape[1] - 1 - y : y;
        for (int x = 0; x < newShape[0]; x++) {
          old[axisOf[0]] = flip[0] ? newShape[0] - 1 - x : x;
          newValues[to++] = at(old[0], old[1], old[2]);
        }
      }
    }
    return new NiftiVolume(newShape, newAffine, newValues);
  }

  /** For each of right, front, top: the voxel axis that points most along it, each used once. */
  private int[] axesByDirection() {
    int[] best = null;
    double bestSum = -1;
    double[] spacing = spacing();
    int[][] permutations = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int[] permutation : permutations) {
      double sum = 0;
      for (int direction = 0; direction < 3; direction++) {
        int axis = permutation[direction];
        sum += Math.abs(affine[direction][axis]) / spacing[axis];
      }
      if (sum > bestSum) {
        bestSum = sum;
        best = permutation;
      }
    }
    return best;
  }
}
