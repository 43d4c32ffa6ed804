package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.models.data.DataException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NormalizationTest {
  private static float[] apply(Normalization scheme, boolean[] inside, float... values) {
    scheme.apply(values, inside);
    return values;
  }

  @Test
  void zScoresHaveMeanZeroAndDeviationOne() {
    assertArrayEquals(
        new float[] {-1.5f, -0.5f, -0.5f, -0.5f, 0, 0, 1, 2},
        apply(Normalization.Z_SCORE, null, 2, 4, 4, 4, 5, 5, 7, 9));
  }

  @Test
  void voxelsOutsideNeitherCountNorChange() {
    boolean[] inside = {true, false, true, false};
    assertArrayEquals(
        new float[] {-1, 100, 1, 7}, apply(Normalization.Z_SCORE, inside, 1, 100, 3, 7));
  }

  @Test
  void aConstantBecomesZero() {
    assertArrayEquals(new float[3], apply(Normalization.Z_SCORE, null, 7, 7, 7));
    assertArrayEquals(new float[3], apply(Normalization.RESCALE_TO_01, null, 7, 7, 7));
  }

  @Test
  void rangesBecomeZeroToOne() {
    assertArrayEquals(new float[] {0, 0.5f, 1}, apply(Normalization.RESCALE_TO_01, null, -2, 0, 2));
    assertArrayEquals(new float[] {0, 0.2f, 1}, apply(Normalization.RGB_TO_01, null, 0, 51, 255));
    assertArrayEquals(new float[] {-3, 4}, apply(Normalization.NONE, null, -3, 4));
    DataException e =
        assertThrows(DataException.class, () -> apply(Normalization.RGB_TO_01, null, 0, 256));
    assertEquals(
        "values from 0.0 to 256.0, expected 0 to 255 for RGBTo01Normalization", e.getMessage());
  }

  @Test
  void plansNameThem() {
    assertEquals(Optional.of(Normalization.Z_SCORE), Normalization.named("ZScoreNormalization"));
    assertEquals(Optional.of(Normalization.RESCALE_TO_01), Normalization.named("RescaleTo01"));
    assertEquals(Optional.empty(), Normalization.named("CTNormalization"));
  }
}
