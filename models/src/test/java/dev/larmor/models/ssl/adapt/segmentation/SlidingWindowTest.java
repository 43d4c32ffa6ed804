package dev.larmor.models.ssl.adapt.segmentation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.DataException;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Span;
import dev.larmor.models.simclr.view.Volume;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scores of whole volumes from networks whose answer is known. */
final class SlidingWindowTest {
  private static final Extent PATCH = new Extent(8, 6, 7);

  private static SlidingWindow.Source source(Volume volume) {
    return (start, into) ->
        new Patch(
                new Box(
                    new Span(start[0], PATCH.n0()),
                    new Span(start[1], PATCH.n1()),
                    new Span(start[2], PATCH.n2())))
            .cut(volume, 0, into);
  }

  private static Volume noise(int n0, int n1, int n2) {
    Volume volume = Volume.of(new Extent(n0, n1, n2));
    for (int i = 0; i < volume.values().length; i++) {
      volume.values()[i] = (float) Philox.of(3, "noise").normal(i);
    }
    return volume;
  }

  private static float[] scores(
      SlidingWindow window, Volume volume, int classes, UnaryOperator<float[]> network) {
    Extent e = volume.extent();
    return window
        .scores(
            new int[] {e.n0(), e.n1(), e.n2()}, 1, classes, source(volume), network, () -> false)
        .orElseThrow();
  }

  /** nnU-Net's places: evenly spread, no further apart than the step. */
  @Test
  void patchesCoverTheVolume() {
    assertArrayEquals(new int[] {0, 80, 160}, SlidingWindow.starts(320, 160, 0.5));
    assertArrayEquals(new int[] {0, 1}, SlidingWindow.starts(161, 160, 0.5));
    assertArrayEquals(new int[] {0}, SlidingWindow.starts(160, 160, 0.5));
    assertArrayEquals(new int[] {-12}, SlidingWindow.starts(40, 64, 0.5));
    assertArrayEquals(new int[] {0, 21, 42, 64, 85}, SlidingWindow.starts(149, 64, 0.35));
  }

  @Test
  void moreScoresThanThereAreNumbers() {
    String message =
        assertThrows(
                DataException.class,
                () ->
                    new SlidingWindow(PATCH, 0.5, false)
                        .scores(
                            new int[] {1024, 1024, 1024},
                            1,
                            3,
                            (start, into) -> {},
                            input -> input,
                            () -> false))
            .getMessage();
    assertTrue(
        message.startsWith("a volume of [1024, 1024, 1024] voxels has 3221225472 scores"), message);
  }

  /** A Gaussian around the voxel behind the middle, whose deviation is an eighth of the patch. */
  @Test
  void weightsAreGaussian() {
    float[] weights = SlidingWindow.weights(16);
    assertEquals(1, weights[8]);
    assertEquals(Math.exp(-0.5), weights[10], 1e-7);
    assertEquals(weights[6], weights[10]);
    assertEquals(Math.exp(-8), weights[0], 1e-9);
    assertTrue(weights[0] * weights[0] * weights[0] > 0);
  }

  @ParameterizedTest
  @CsvSource({
    "20, 15, 16, false",
    "20, 15, 16, true",
    "3, 15, 2, false",
    "3, 2, 2, true",
    "8, 6, 7, true"
  })
  void anIdentityGivesTheVolume(int n0, int n1, int n2, boolean mirrored) {
    Volume volume = noise(n0, n1, n2);
    SlidingWindow window = new SlidingWindow(PATCH, 0.5, mirrored);
    // Two classes: the image and its negative.
    float[] scores =
        scores(
            window,
            volume,
            2,
            patch -> {
              float[] both = Arrays.copyOf(patch, 2 * patch.length);
              for (int i = 0; i < patch.length; i++) {
                both[patch.length + i] = -patch[i];
              }
              return both;
            });
    float[] values = volume.values();
    for (int i = 0; i < values.length; i++) {
      assertEquals(values[i], scores[i], 1e-5);
      assertEquals(-values[i], scores[values.length + i], 1e-5);
    }
  }

  @Test
  void aConstantGivesAConstant() {
    SlidingWindow window = new SlidingWindow(PATCH, 0.5, false);
    float[] scores =
        scores(
            window,
            noise(20, 15, 16),
            1,
            patch -> {
              float[] constant = new float[patch.length];
              Arrays.fill(constant, 3);
              return constant;
            });
    for (float score : scores) {
      assertEquals(3, score, 1e-5);
    }
  }

  /** Where two patches overlap, the one whose middle is nearer counts more. */
  @Test
  void theMiddleCountsMost() {
    Volume volume = Volume.of(new Extent(12, 6, 7));
    int[] number = {0};
    float[] scores =
        scores(
            new SlidingWindow(PATCH, 0.5, false),
            volume,
            1,
            patch -> {
              float[] constant = new float[patch.length];
              Arrays.fill(constant, number[0]++);
              return constant;
            });
    assertEquals(2, number[0], "patches at 0 and 4");
    float[] w = SlidingWindow.weights(8);
    for (int i = 4; i < 8; i++) {
      assertEquals(w[i - 4] / (w[i] + w[i - 4]), scores[i * 42], 1e-6);
    }
    assertEquals(0, scores[0]);
    assertEquals(1, scores[11 * 42]);
  }

  @Test
  void stopsAndRefuses() {
    Volume volume = noise(8, 6, 7);
    assertTrue(
        new SlidingWindow(PATCH, 0.5, false)
            .scores(new int[] {8, 6, 7}, 1, 1, source(volume), patch -> patch, () -> true)
            .isEmpty());
    assertThrows(IllegalArgumentException.class, () -> new SlidingWindow(PATCH, 0, false));
    assertThrows(IllegalArgumentException.class, () -> new SlidingWindow(PATCH, 1.1, false));
  }
}
