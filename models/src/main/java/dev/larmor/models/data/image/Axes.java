package dev.larmor.models.data.image;

/** Small sums over the three axes of space; matrices are three rows. */
final class Axes {
  private static final double SAME = 1e-4;

  private Axes() {}

  static double[] column(double[][] m, int column) {
    return new double[] {m[0][column], m[1][column], m[2][column]};
  }

  static double length(double[] v) {
    double sum = 0;
    for (double x : v) {
      sum += x * x;
    }
    return Math.sqrt(sum);
  }

  static double[] cross(double[] a, double[] b) {
    return new double[] {
      a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]
    };
  }

  /** The columns of a matrix at length 1. */
  static double[][] unitColumns(double[][] m) {
    double[][] unit = new double[3][3];
    for (int column = 0; column < 3; column++) {
      double length = length(column(m, column));
      for (int row = 0; row < 3; row++) {
        unit[row][column] = m[row][column] / length;
      }
    }
    return unit;
  }

  /** Whether the columns are unit vectors at right angles. */
  static boolean isOrthonormal(double[][] m) {
    return isOrthonormal(m, m);
  }

  /** Whether two orthonormal matrices are the same: {@code a · bᵀ} is the identity. */
  static boolean isOrthonormal(double[][] a, double[][] b) {
    for (int row = 0; row < 3; row++) {
      for (int column = 0; column < 3; column++) {
        double sum = a[row][0] * b[column][0] + a[row][1] * b[column][1] + a[row][2] * b[column][2];
        if (!(Math.abs(sum - (row == column ? 1 : 0)) <= SAME)) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * The orthonormal matrix nearest to a regular one, its polar factor, by Newton's iteration {@code
   * x ← (x + x⁻ᵀ) / 2}, which converges quadratically.
   */
  static double[][] nearestOrthonormal(double[][] m) {
    double[][] x = m;
    for (int step = 0; step < 60; step++) {
      double[][] next = new double[3][3];
      for (int column = 0; column < 3; column++) {
        double[] cofactors =
            cross(column(x, (column + 1) % 3), column(x, (column + 2) % 3)); // of the column
        double determinant = dot(cofactors, column(x, column));
        for (int row = 0; row < 3; row++) {
          next[row][column] = (x[row][column] + cofactors[row] / determinant) / 2;
        }
      }
      x = next;
    }
    return x;
  }

  static double dot(double[] a, double[] b) {
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  }

  static double determinant(double[][] m) {
    return dot(cross(column(m, 0), column(m, 1)), column(m, 2));
  }

  static boolean isFinite(double... numbers) {
    for (double number : numbers) {
      if (!Double.isFinite(number)) {
        return false;
      }
    }
    return true;
  }
}
