package dev.larmor.models.ssl.preprocess.numerics;

/**
 * Resamples lines by the cubic B-spline through their samples, many lines side by side.
 *
 * <p>A B-spline's coefficients follow from its samples by a recursive filter, once up and once down
 * the line (Unser, Aldroubi and Eden 1993), and each new sample is the weighted sum of four of
 * them. The filter runs over the line with its first and last sample repeated {@value #PADDING}
 * times and reflected beyond, as {@code scipy.ndimage.zoom} does with {@code mode="nearest"}; the
 * half voxel at either end is that longer spline's.
 *
 * <p>Recursion cannot be vectorised along a line, but lines are independent: a row here is one
 * sample of {@value #LANES} lines, and all loops run over rows.
 */
final class CubicSpline {
  /** Lines side by side: a tile of them, 256 samples long, stays in the second-level cache. */
  static final int LANES = 64;

  static final int PADDING = 12;
  private static final double POLE = Math.sqrt(3) - 2;
  private static final double GAIN = (1 - POLE) * (1 - 1 / POLE);

  /** From here on, a sample's share of the first coefficient is below 1e-22 of its value. */
  private static final int MEMORY = 40;

  private final int[] first;
  private final double[] weights;
  private final double[][] rows;
  private final double[] result = new double[LANES];

  CubicSpline(Axis axis) {
    rows = new double[axis.from() + 2 * PADDING][LANES];
    first = new int[axis.to()];
    weights = new double[4 * axis.to()];
    for (int k = 0; k < axis.to(); k++) {
      double at = axis.at(k);
      double floor = Math.floor(at);
      double y = at - floor;
      double z = 1 - y;
      int w = 4 * k;
      weights[w] = z * z * z / 6;
      weights[w + 1] = (y * y * (y - 2) * 3 + 4) / 6;
      weights[w + 2] = (z * z * (z - 2) * 3 + 4) / 6;
      weights[w + 3] = 1 - weights[w] - weights[w + 1] - weights[w + 2];
      first[k] = (int) floor - 1 + PADDING;
    }
  }

  /** Row {@code i} of the lines, to be filled before {@link #filter}. */
  double[] row(int i) {
    return rows[PADDING + i];
  }

  /** Turns the rows from samples into coefficients. */
  void filter() {
    int n = rows.length;
    for (int i = 0; i < PADDING; i++) {
      System.arraycopy(rows[PADDING], 0, rows[i], 0, LANES);
      System.arraycopy(rows[n - 1 - PADDING], 0, rows[n - 1 - i], 0, LANES);
    }
    reflectFirst();
    for (int i = 1; i < n; i++) {
      double[] row = rows[i];
      double[] previous = rows[i - 1];
      for (int l = 0; l < LANES; l++) {
        row[l] = GAIN * row[l] + POLE * previous[l];
      }
    }
    double[] last = rows[n - 1];
    for (int l = 0; l < LANES; l++) {
      last[l] *= POLE / (POLE - 1);
    }
    for (int i = n - 2; i >= 0; i--) {
      double[] row = rows[i];
      double[] next = rows[i + 1];
      for (int l = 0; l < LANES; l++) {
        row[l] = POLE * (next[l] - row[l]);
      }
    }
  }

  /** The first output of the upward recursion, were the line reflected at both ends for ever. */
  private void reflectFirst() {
    int n = rows.length;
    double around = Math.pow(POLE, n);
    double[] sum = new double[LANES];
    double power = 1;
    for (int i = 0; i < Math.min(n, MEMORY); i++) {
      double[] row = rows[i];
      double[] mirrored = rows[n - 1 - i];
      for (int l = 0; l < LANES; l++) {
        sum[l] += power * (row[l] + around * mirrored[l]);
      }
      power *= POLE;
    }
    double[] row = rows[0];
    double scale = POLE / (1 - around * around);
    for (int l = 0; l < LANES; l++) {
      row[l] = GAIN * (row[l] + scale * sum[l]);
    }
  }

  /** New sample {@code k} of every line, valid until the next call. */
  double[] sample(int k) {
    int w = 4 * k;
    double w0 = weights[w];
    double w1 = weights[w + 1];
    double w2 = weights[w + 2];
    double w3 = weights[w + 3];
    double[] a = rows[first[k]];
    double[] b = rows[first[k] + 1];
    double[] c = rows[first[k] + 2];
    double[] d = rows[first[k] + 3];
    for (int l = 0; l < LANES; l++) {
      result[l] = w0 * a[l] + w1 * b[l] + w2 * c[l] + w3 * d[l];
    }
    return result;
  }
}
