package dev.larmor.models.ssl.adapt.segmentation.score;

import java.util.Arrays;

/** How much of a truth a segmentation covers. */
public final class Overlap {
  private Overlap() {}

  /**
   * Dice's coefficient of each class but the background: twice the voxels in common by those of
   * both. NaN for a class that neither has.
   *
   * @param truth labels; those below zero are background
   * @param found labels of the same voxels
   * @param classes the background among them
   * @return for class c at c − 1
   */
  public static double[] dice(byte[] truth, byte[] found, int classes) {
    long[] common = new long[classes];
    long[] sizes = new long[classes];
    for (int i = 0; i < truth.length; i++) {
      int expected = Math.max(0, truth[i]);
      sizes[expected]++;
      sizes[found[i]]++;
      if (expected == found[i]) {
        common[expected]++;
      }
    }
    double[] dice = new double[classes - 1];
    Arrays.setAll(dice, c -> 2.0 * common[c + 1] / sizes[c + 1]);
    return dice;
  }
}
