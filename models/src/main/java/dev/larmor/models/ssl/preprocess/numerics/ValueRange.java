package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;

/**
 * The least and greatest values of a volume, or of each of its slices: a spline may overshoot next
 * to an edge, and is cut there.
 *
 * @param low one for each slice
 * @param high one for each slice
 * @param stride of neighbouring slices in the resampled volume
 */
record ValueRange(float[] low, float[] high, int stride) {
  static ValueRange of(float[] values) {
    return slices(values, 1, Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  /**
   * The ranges of the slices across an axis.
   *
   * @param resampled the shape in which {@link #clip} counts its indices
   */
  static ValueRange ofSlices(float[] values, int[] shape, int axis, int[] resampled) {
    return slices(values, shape[axis], inner(shape, axis), inner(resampled, axis));
  }

  private static int inner(int[] shape, int axis) {
    int inner = 1;
    for (int a = axis + 1; a < 3; a++) {
      inner *= shape[a];
    }
    return inner;
  }

  private static ValueRange slices(float[] values, int slices, int stride, int resampledStride) {
    float[] low = new float[slices];
    float[] high = new float[slices];
    Arrays.fill(low, Float.POSITIVE_INFINITY);
    Arrays.fill(high, Float.NEGATIVE_INFINITY);
    for (int at = 0, block = 0; at < values.length; block++) {
      int slice = block % slices;
      int end = Math.min(values.length - at, stride) + at;
      float least = low[slice];
      float most = high[slice];
      for (; at < end; at++) {
        least = Math.min(least, values[at]);
        most = Math.max(most, values[at]);
      }
      low[slice] = least;
      high[slice] = most;
    }
    return new ValueRange(low, high, resampledStride);
  }

  /** The nearest float in the range of the slice in which the voxel {@code at} lies. */
  float clip(double value, int at) {
    int slice = low.length == 1 ? 0 : at / stride % low.length;
    return (float) Math.min(Math.max(value, low[slice]), high[slice]);
  }
}
