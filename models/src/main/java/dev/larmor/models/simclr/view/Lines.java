package dev.larmor.models.simclr.view;

/**
 * A linear map of lines of voxels, the same for all lines along an axis: each value of the new line
 * is a weighted sum of neighbours in the old.
 *
 * @param from values of an old line
 * @param rows one for each value of the new line
 */
record Lines(int from, Row... rows) {
  /** Samples like the last that a spline has beyond each end of its line. */
  private static final int MARGIN = 12;

  /**
   * Weights of neighbours in the old line.
   *
   * @param first the old value that has the first weight
   */
  private record Row(int first, float[] weights) {
    /** Less is nothing beside a float's rounding. */
    private static final double LEAST = 1e-10;

    /** Of weights of the whole line, those from the first to the last that matter. */
    static Row of(double[] line) {
      int first = 0;
      while (Math.abs(line[first]) < LEAST) {
        first++;
      }
      int end = line.length;
      while (Math.abs(line[end - 1]) < LEAST) {
        end--;
      }
      float[] weights = new float[end - first];
      for (int i = 0; i < weights.length; i++) {
        weights[i] = (float) line[first + i];
      }
      return new Row(first, weights);
    }

    /** The value of the new line whose old line starts at {@code at}. */
    float value(float[] from, int at) {
      float sum = 0;
      for (int k = 0; k < weights.length; k++) {
        sum += weights[k] * from[at + first + k];
      }
      return sum;
    }

    /** As many such values as there are lines side by side, added to what is there. */
    void add(float[] from, int at, float[] into, int start, int lines) {
      for (int k = 0; k < weights.length; k++) {
        float weight = weights[k];
        int source = at + (first + k) * lines;
        for (int i = 0; i < lines; i++) {
          into[start + i] += weight * from[source + i];
        }
      }
    }
  }

  /** A Gaussian blur of a line of n values that is mirrored at its ends. */
  static Lines gaussian(int n, double deviation, double cutOff) {
    int radius = (int) (cutOff * deviation + 0.5);
    double[] kernel = new double[radius + 1];
    double sum = 0;
    for (int k = 0; k <= radius; k++) {
      kernel[k] = StrictMath.exp(-0.5 * k * k / (deviation * deviation));
      sum += k == 0 ? kernel[k] : 2 * kernel[k];
    }
    Row[] rows = new Row[n];
    for (int i = 0; i < n; i++) {
      double[] line = new double[n];
      for (int k = -radius; k <= radius; k++) {
        // Mirrored between the last value and its image, the line repeats after 2n.
        int at = Math.floorMod(i + k, 2 * n);
        line[at < n ? at : 2 * n - 1 - at] += kernel[Math.abs(k)] / sum;
      }
      rows[i] = Row.of(line);
    }
    return new Lines(n, rows);
  }

  /** A line of n values at another size, each value the nearest. */
  static Lines nearest(int n, int size) {
    Row[] rows = new Row[size];
    for (int o = 0; o < size; o++) {
      rows[o] = new Row((int) Math.floor(place(o, n, size) + 0.5), new float[] {1});
    }
    return new Lines(n, rows);
  }

  /** A line of n values at another size, by a cubic spline through them. */
  static Lines cubic(int n, int size) {
    double[][] lines = new double[size][n];
    for (int value = 0; value < n; value++) {
      double[] spline = new double[n + 2 * MARGIN];
      for (int k = 0; k < spline.length; k++) {
        spline[k] = Math.clamp(k - MARGIN, 0, n - 1) == value ? 1 : 0;
      }
      coefficients(spline);
      for (int o = 0; o < size; o++) {
        double place = place(o, n, size);
        int low = (int) Math.floor(place);
        double t = place - low;
        double s = 1 - t;
        int at = MARGIN + low;
        lines[o][value] =
            (s * s * s * spline[at - 1]
                    + (4 - 3 * t * t * (2 - t)) * spline[at]
                    + (4 - 3 * s * s * (2 - s)) * spline[at + 1]
                    + t * t * t * spline[at + 2])
                / 6;
      }
    }
    Row[] rows = new Row[size];
    for (int o = 0; o < size; o++) {
      rows[o] = Row.of(lines[o]);
    }
    return new Lines(n, rows);
  }

  /**
   * Where value o of a new line is in an old one of n: both lines are equally long. It may be up to
   * half a voxel beyond the first and the last.
   */
  private static double place(int o, int n, int size) {
    return (o + 0.5) * n / size - 0.5;
  }

  /**
   * From samples to the coefficients of the cubic B-spline through them, mirrored at the ends:
   * (c[k−1] + 4 c[k] + c[k+1]) / 6 is sample k. Solved by elimination and back-substitution.
   */
  private static void coefficients(double[] c) {
    int last = c.length - 1;
    double[] above = new double[c.length];
    for (int k = 0; k <= last; k++) {
      double diagonal = k == 0 || k == last ? 5 : 4;
      double before = k == 0 ? 0 : above[k - 1];
      above[k] = 1 / (diagonal - before);
      c[k] = (6 * c[k] - (k == 0 ? 0 : c[k - 1])) * above[k];
    }
    for (int k = last - 1; k >= 0; k--) {
      c[k] -= above[k] * c[k + 1];
    }
  }

  /**
   * Maps all lines along an axis.
   *
   * @param axis which: its extent is that of the old lines
   * @return a new volume with the new lines' extent along the axis
   */
  Volume along(int axis, Volume volume) {
    Extent old = volume.extent();
    if (old.along(axis) != from) {
      throw new IllegalArgumentException(
          "lines of %d values do not run along axis %d of %s".formatted(from, axis, old));
    }
    Volume result = Volume.of(old.with(axis, rows.length));
    // Voxels that follow a voxel before the next along the axis: their lines go side by side.
    int step = axis == 0 ? old.plane() : axis == 1 ? old.n2() : 1;
    int blocks = old.voxels() / (from * step);
    for (int block = 0; block < blocks; block++) {
      int source = block * from * step;
      for (int o = 0; o < rows.length; o++) {
        int into = (block * rows.length + o) * step;
        if (step == 1) {
          result.values()[into] = rows[o].value(volume.values(), source);
        } else {
          rows[o].add(volume.values(), source, result.values(), into, step);
        }
      }
    }
    return result;
  }
}
