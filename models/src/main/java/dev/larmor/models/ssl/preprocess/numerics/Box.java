package dev.larmor.models.ssl.preprocess.numerics;

import java.util.List;

/**
 * A box of voxels.
 *
 * @param intervals for each of the three axes, the first index and the one after the last
 */
public record Box(List<Interval> intervals) {
  /** Indices {@code start} … {@code end - 1}. */
  public record Interval(int start, int end) {
    /** The number of indices. */
    public int extent() {
      return end - start;
    }
  }

  /** Copies the list. */
  public Box {
    intervals = List.copyOf(intervals);
  }

  /** All of a volume. */
  public static Box all(int[] shape) {
    return new Box(
        List.of(new Interval(0, shape[0]), new Interval(0, shape[1]), new Interval(0, shape[2])));
  }

  /** The extents along the three axes. */
  public int[] shape() {
    return intervals.stream().mapToInt(Interval::extent).toArray();
  }

  /**
   * What of a volume lies in the box, as a copy.
   *
   * @param values {@code [channels, n0, n1, n2]}
   * @param shape n0, n1, n2
   */
  public float[] crop(float[] values, int[] shape) {
    int voxels = shape[0] * shape[1] * shape[2];
    int channels = values.length / voxels;
    int[] inside = shape();
    float[] result = new float[channels * inside[0] * inside[1] * inside[2]];
    int at = 0;
    for (int channel = 0; channel < channels; channel++) {
      for (int i = intervals.get(0).start; i < intervals.get(0).end; i++) {
        for (int j = intervals.get(1).start; j < intervals.get(1).end; j++) {
          int row = ((channel * shape[0] + i) * shape[1] + j) * shape[2];
          System.arraycopy(values, row + intervals.get(2).start, result, at, inside[2]);
          at += inside[2];
        }
      }
    }
    return result;
  }
}
