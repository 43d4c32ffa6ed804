package dev.larmor.models.ssl.adapt.segmentation.score;

import java.util.Arrays;

/**
 * How far apart the surfaces of two regions are. A region's surface is its voxels with a neighbour,
 * by a face, that is not of it; places beyond the volume are not.
 */
final class SurfaceDistance {
  private final int[] shape;
  private final double[] spacing;

  /**
   * Distances in a volume.
   *
   * @param spacing of its axes, in mm
   */
  SurfaceDistance(int[] shape, double[] spacing) {
    this.shape = shape;
    this.spacing = spacing;
  }

  /**
   * The distance that 95 % of all surface voxels of both regions keep to the other's surface at
   * most, in mm, between two of them by linear interpolation; as MedPy defines it. NaN if a region
   * is empty.
   */
  double percentile95(boolean[] a, boolean[] b) {
    boolean[] surfaceA = surface(a);
    boolean[] surfaceB = surface(b);
    double[] distances = new double[count(surfaceA) + count(surfaceB)];
    if (count(surfaceA) == 0 || count(surfaceB) == 0) {
      return Double.NaN;
    }
    int at = gather(surfaceA, squaredDistances(surfaceB), distances, 0);
    gather(surfaceB, squaredDistances(surfaceA), distances, at);
    Arrays.sort(distances);
    double place = 0.95 * (distances.length - 1);
    int low = (int) place;
    double high = distances[Math.min(low + 1, distances.length - 1)];
    return distances[low] + (place - low) * (high - distances[low]);
  }

  private static int count(boolean[] region) {
    int count = 0;
    for (boolean inside : region) {
      count += inside ? 1 : 0;
    }
    return count;
  }

  private static int gather(boolean[] surface, double[] squares, double[] into, int at) {
    int next = at;
    for (int i = 0; i < surface.length; i++) {
      if (surface[i]) {
        into[next++] = Math.sqrt(squares[i]);
      }
    }
    return next;
  }

  private boolean[] surface(boolean[] region) {
    boolean[] surface = new boolean[region.length];
    int[] strides = {shape[1] * shape[2], shape[2], 1};
    for (int i = 0; i < region.length; i++) {
      for (int axis = 0; region[i] && axis < 3; axis++) {
        int index = i / strides[axis] % shape[axis];
        surface[i] |=
            index == 0
                || index == shape[axis] - 1
                || !region[i - strides[axis]]
                || !region[i + strides[axis]];
      }
    }
    return surface;
  }

  /**
   * For each voxel, the squared distance to the nearest of some, in mm²: one axis after the other,
   * each line by the lower envelope of parabolas (Felzenszwalb and Huttenlocher 2012).
   */
  double[] squaredDistances(boolean[] points) {
    double[] squares = new double[points.length];
    for (int i = 0; i < points.length; i++) {
      squares[i] = points[i] ? 0 : Double.POSITIVE_INFINITY;
    }
    for (int axis = 0; axis < 3; axis++) {
      int n = shape[axis];
      int stride = axis == 0 ? shape[1] * shape[2] : axis == 1 ? shape[2] : 1;
      double[] line = new double[n];
      Envelope envelope = new Envelope(n, spacing[axis]);
      for (int first = 0; first < squares.length; first++) {
        if (first / stride % n != 0) {
          continue;
        }
        for (int i = 0; i < n; i++) {
          line[i] = squares[first + i * stride];
        }
        envelope.of(line);
        for (int i = 0; i < n; i++) {
          squares[first + i * stride] = line[i];
        }
      }
    }
    return squares;
  }

  /** The least of the parabolas that stand on the values of a line. */
  private static final class Envelope {
    private final double step;
    private final int[] foot;
    private final double[] from;
    private final double[] result;

    Envelope(int n, double step) {
      this.step = step;
      foot = new int[n];
      from = new double[n];
      result = new double[n];
    }

    void of(double[] line) {
      int last = -1;
      for (int q = 0; q < line.length; q++) {
        if (line[q] == Double.POSITIVE_INFINITY) {
          continue;
        }
        double begin = Double.NEGATIVE_INFINITY;
        while (last >= 0) {
          begin = crossing(line, foot[last], q);
          if (begin > from[last]) {
            break;
          }
          last--;
        }
        last++;
        foot[last] = q;
        from[last] = last == 0 ? Double.NEGATIVE_INFINITY : begin;
      }
      if (last < 0) {
        return;
      }
      int k = 0;
      for (int i = 0; i < line.length; i++) {
        while (k < last && from[k + 1] < i * step) {
          k++;
        }
        double away = (i - foot[k]) * step;
        result[i] = line[foot[k]] + away * away;
      }
      System.arraycopy(result, 0, line, 0, line.length);
    }

    /** Where, in mm, the parabola on q gets below that on p. */
    private double crossing(double[] line, int p, int q) {
      double a = p * step;
      double b = q * step;
      return (line[q] + b * b - line[p] - a * a) / (2 * (b - a));
    }
  }
}
