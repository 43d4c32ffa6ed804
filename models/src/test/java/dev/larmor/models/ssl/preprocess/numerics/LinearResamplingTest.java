package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Linear interpolation on cells whose edges coincide. */
final class LinearResamplingTest {
  @Test
  void knownValues() {
    float[] line = {0, 4};
    assertArrayEquals(
        new float[] {0, 1, 3, 4},
        LinearResampling.resample(
            line, new int[] {1, 1, 2}, new int[] {1, 1, 4}, OptionalInt.empty(), Workers.ONE));
    assertArrayEquals(
        new float[] {0, 0, 4, 4},
        LinearResampling.resample(
            line, new int[] {2, 1, 1}, new int[] {4, 1, 1}, OptionalInt.of(0), Workers.ONE));
    assertSame(
        line,
        LinearResampling.resample(
            line, new int[] {1, 2, 1}, new int[] {1, 2, 1}, OptionalInt.empty(), Workers.ONE));
  }

  /** What is linear stays so between the first voxels' centres and the last's. */
  @Test
  void linearFunctionsStay() {
    int[] from = {6, 5, 7};
    int[] to = {9, 4, 11};
    float[] values = new float[6 * 5 * 7];
    for (int i = 0; i < values.length; i++) {
      values[i] = 2 * (i / 35) - 3 * (i / 7 % 5) + 0.5f * (i % 7);
    }
    float[] result =
        LinearResampling.resample(values, from, to, OptionalInt.empty(), new Workers(2));
    for (int i = 0; i < result.length; i++) {
      int[] at = {i / 44, i / 11 % 4, i % 11};
      double x0 = Math.clamp((at[0] + 0.5) * 6 / 9 - 0.5, 0, 5);
      double x1 = Math.clamp((at[1] + 0.5) * 5 / 4 - 0.5, 0, 4);
      double x2 = Math.clamp((at[2] + 0.5) * 7 / 11 - 0.5, 0, 6);
      assertEquals(2 * x0 - 3 * x1 + 0.5 * x2, result[i], 1e-4);
    }
  }
}
