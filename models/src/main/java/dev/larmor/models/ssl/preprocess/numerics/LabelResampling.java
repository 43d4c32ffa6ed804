package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;
import java.util.OptionalInt;

/**
 * Brings a volume of labels to another shape: a voxel gets the label that has at least half of it,
 * by trilinear interpolation of each label's indicator; if two have half, the greater one; if none
 * has, zero.
 *
 * <p>The eight neighbours of a voxel tell all, so no indicator is ever made. Their weights are
 * multiplied and added in the order of {@code scipy.ndimage.zoom}: where two labels have half each,
 * the last bit decides.
 */
public final class LabelResampling {
  private LabelResampling() {}

  /**
   * Resamples labels.
   *
   * @param labels {@code [n0, n1, n2]}; a volume that keeps its shape is returned as it is
   * @param from its shape
   * @param to the new shape, every extent at least 1
   * @param separate the axis along which the nearest slice is taken, if slices are thick
   * @return {@code [to0, to1, to2]}
   */
  public static byte[] resample(
      byte[] labels, int[] from, int[] to, OptionalInt separate, Workers workers) {
    if (Arrays.equals(from, to)) {
      return labels;
    }
    Neighbours[] axes = Neighbours.of(from, to, separate);
    byte[] result = new byte[to[0] * to[1] * to[2]];
    workers.forEach(
        to[0],
        () -> {
          byte[] corners = new byte[8];
          double[] weights = new double[8];
          return k0 -> plane(labels, from, axes, k0, result, to, corners, weights);
        });
    return result;
  }

  private static void plane(
      byte[] labels,
      int[] from,
      Neighbours[] axes,
      int k0,
      byte[] result,
      int[] to,
      byte[] corners,
      double[] weights) {
    int at = k0 * to[1] * to[2];
    for (int k1 = 0; k1 < to[1]; k1++) {
      for (int k2 = 0; k2 < to[2]; k2++) {
        boolean alike = true;
        for (int c = 0; c < 8; c++) {
          int i0 = axes[0].index(k0, c >> 2);
          int i1 = axes[1].index(k1, c >> 1 & 1);
          int i2 = axes[2].index(k2, c & 1);
          corners[c] = labels[(i0 * from[1] + i1) * from[2] + i2];
          alike &= corners[c] == corners[0];
        }
        if (alike) {
          result[at++] = corners[0];
          continue;
        }
        for (int c = 0; c < 8; c++) {
          weights[c] =
              axes[0].weight(k0, c >> 2)
                  * axes[1].weight(k1, c >> 1 & 1)
                  * axes[2].weight(k2, c & 1);
        }
        result[at++] = winner(corners, weights);
      }
    }
  }

  private static byte winner(byte[] corners, double[] weights) {
    int winner = Integer.MIN_VALUE;
    for (byte label : corners) {
      double share = 0;
      for (int c = 0; c < 8; c++) {
        if (corners[c] == label) {
          share += weights[c];
        }
      }
      if (share >= 0.5) {
        winner = Math.max(winner, label);
      }
    }
    return winner == Integer.MIN_VALUE ? 0 : (byte) winner;
  }
}
