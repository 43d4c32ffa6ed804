package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Brings a volume to another shape by trilinear interpolation, as {@code skimage.transform.resize}
 * does with {@code order=1, mode="edge", anti_aliasing=False}: for a network's scores on their way
 * back to the image's own grid.
 */
public final class LinearResampling {
  private LinearResampling() {}

  /**
   * Resamples one channel.
   *
   * @param values {@code [n0, n1, n2]}; a volume that keeps its shape is returned as it is
   * @param from its shape
   * @param to the new shape, every extent at least 1
   * @param separate the axis along which the nearest slice is taken, if slices are thick
   * @return {@code [to0, to1, to2]}
   */
  public static float[] resample(
      float[] values, int[] from, int[] to, OptionalInt separate, Workers workers) {
    if (Arrays.equals(from, to)) {
      return values;
    }
    Neighbours[] axes = Neighbours.of(from, to, separate);
    float[] result = new float[to[0] * to[1] * to[2]];
    workers.forEach(
        to[0],
        () -> {
          float[] plane = new float[from[1] * from[2]];
          float[] row = new float[from[2]];
          return k0 -> {
            mix(values, axes[0], k0, plane);
            for (int k1 = 0; k1 < to[1]; k1++) {
              mix(plane, axes[1], k1, row);
              int at = (k0 * to[1] + k1) * to[2];
              for (int k2 = 0; k2 < to[2]; k2++) {
                float low = row[axes[2].index(k2, 0)];
                float high = row[axes[2].index(k2, 1)];
                result[at + k2] = (float) (high + axes[2].weight(k2, 0) * (low - high));
              }
            }
          };
        });
    return result;
  }

  /** The row or plane between two of them. */
  private static void mix(float[] from, Neighbours axis, int k, float[] into) {
    int low = axis.index(k, 0) * into.length;
    int high = axis.index(k, 1) * into.length;
    float weight = (float) axis.weight(k, 0);
    for (int i = 0; i < into.length; i++) {
      into[i] = from[high + i] + weight * (from[low + i] - from[high + i]);
    }
  }
}
