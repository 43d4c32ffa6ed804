package dev.larmor.models.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.SamplingMask.Comb;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SamplingMaskTest {
  private static SamplingMask parse(String text) {
    float[] columns = new float[text.length()];
    for (int w = 0; w < columns.length; w++) {
      columns[w] = text.charAt(w) == '1' ? 1 : 0;
    }
    return SamplingMask.of(columns);
  }

  /** W 12, low = round(12 · 0.25) = 3, pad = ⌊9/2⌋ = 4: outer 4 … 8 are columns 7 … 11. */
  @ParameterizedTest
  @CsvSource({
    "0, 1...1111...1", // outer 0, 4, 8
    "1, .1..111.1...", // outer 1, 5
    "2, ..1.111..1..", // outer 2, 6
    "3, ...1111...1." // outer 3, 7
  })
  void equispacedByHand(int offset, String expected) {
    assertEquals(expected, SamplingMask.equispaced(12, 4, 0.25, offset).toString());
  }

  /** The same block, columns 4 … 6, and every fourth column of all. */
  @ParameterizedTest
  @CsvSource({"0, 1...111.1...", "1, .1..111..1..", "2, ..1.111...1.", "3, ...11111...1"})
  void combThroughTheCentre(int offset, String expected) {
    SamplingMask mask = SamplingMask.equispaced(12, 4, 0.25, offset, Comb.THROUGH);
    assertEquals(expected, mask.toString());
    MaskPolicy policy = new MaskPolicy(4, 0.25, 0, Comb.THROUGH);
    assertTrue(
        IntStream.range(0, 40)
            .mapToObj(i -> policy.draw(12, Philox.of(i, "mask")))
            .anyMatch(mask::equals));
  }

  /**
   * The rule of specification section 2 as it is written: lay the comb out, cut it, put it around.
   */
  @ParameterizedTest
  @CsvSource({"368, 4", "368, 8", "372, 4", "396, 8", "160, 4", "161, 5", "80, 8", "13, 3"})
  void equispacedAsSpecified(int width, int acceleration) {
    int low = (int) Math.round(width * 0.08);
    int pad = (width - low) / 2;
    for (int offset = 0; offset < acceleration; offset++) {
      float[] comb = new float[width - low];
      for (int i = offset; i < comb.length; i += acceleration) {
        comb[i] = 1;
      }
      float[] expected = new float[width];
      System.arraycopy(comb, 0, expected, 0, pad);
      Arrays.fill(expected, pad, pad + low, 1);
      System.arraycopy(comb, pad, expected, pad + low, width - low - pad);
      SamplingMask mask = SamplingMask.equispaced(width, acceleration, 0.08, offset);
      assertArrayEquals(expected, mask.columns());
    }
  }

  @ParameterizedTest
  @CsvSource({"368, 4", "368, 8", "373, 4", "160, 4", "161, 8", "13, 3"})
  void randomAsSpecified(int width, int acceleration) {
    int low = (int) Math.round(width * 0.08);
    int pad = (width - low + 1) / 2;
    int[] hits = new int[width];
    int draws = 400;
    Philox stream = Philox.of(1, "test");
    for (int i = 0; i < draws; i++) {
      SamplingMask mask = SamplingMask.random(width, acceleration, 0.08, stream.with(i));
      assertEquals(low + (width - low) / acceleration, mask.sampledColumns());
      for (int w = 0; w < width; w++) {
        hits[w] += mask.sampled(w) ? 1 : 0;
        assertTrue(mask.sampled(w) || w < pad || w >= pad + low, "centre column " + w);
      }
      assertEquals(mask, SamplingMask.random(width, acceleration, 0.08, stream.with(i)));
    }
    // Each outer column equally often: within five standard deviations.
    int drawn = (width - low) / acceleration;
    double p = (double) drawn / (width - low);
    double tolerance = 5 * Math.sqrt(draws * p * (1 - p));
    for (int w = 0; w < width; w++) {
      if (w < pad || w >= pad + low) {
        assertEquals(draws * p, hits[w], tolerance, "column " + w);
      }
    }
  }

  /** c = W/2; left from c − 1, right from c; n = max(2 · min, 1), first column (W − n + 1)/2. */
  @ParameterizedTest
  @CsvSource({
    "..1111.., 4, 2",
    "..11111., 4, 2",
    ".11111.., 4, 2",
    "...11..., 2, 3",
    "....1..., 1, 4",
    "1......1, 1, 4",
    "11111111, 8, 0",
    "..111.., 2, 3", // odd: c = 3, left run column 2, right run 3 and 4
    ".1111.., 4, 2",
    "...1..., 1, 3",
    "1111111, 6, 1"
  })
  void lowFrequencies(String columns, int n, int start) {
    SamplingMask mask = parse(columns);
    assertEquals(n, mask.lowFrequencies());
    assertEquals(start, mask.lowFrequencyStart());
  }

  /** Up to one: a tooth beside the centre block counts as part of it, and few teeth round badly. */
  @ParameterizedTest
  @CsvSource({"4, 0.08", "8, 0.08", "8, 0.04", "5, 0.08", "2, 0.08", "6, 0.1"})
  void accelerationIsFoundAgain(int acceleration, double centre) {
    for (int width : new int[] {160, 320, 368, 372, 396, 401}) {
      for (int offset = 0; offset < acceleration; offset++) {
        SamplingMask mask = SamplingMask.equispaced(width, acceleration, centre, offset);
        assertEquals(acceleration, mask.acceleration(), 1, width + " " + offset);
        if (acceleration == 4 || acceleration == 8) {
          assertEquals(acceleration, Classifier.nearest(mask.acceleration(), 4, 8));
        }
      }
      Philox stream = Philox.of(5, "acceleration").with(width);
      for (int i = 0; i < 20; i++) {
        int found = SamplingMask.random(width, acceleration, centre, stream.with(i)).acceleration();
        assertEquals(acceleration, found, 1, width + " random");
      }
    }
  }

  @Test
  void accelerationOfExtremes() {
    assertEquals(1, SamplingMask.full(10).acceleration());
    assertEquals(1, SamplingMask.full(1).acceleration());
    assertEquals(6, parse("...1111...").acceleration());
    assertEquals(4, parse("1...1...111...1...1").acceleration()); // (19 - 3) / (7 - 3)
    assertTrue(SamplingMask.full(7).isFull());
    assertFalse(parse("1111110").isFull());
  }

  @Test
  void wrongArgumentsAreRefused() {
    assertMessage("mask of 3 columns samples none", () -> SamplingMask.of(new float[3]));
    assertMessage("mask value 0.5, expected 0 or 1", () -> SamplingMask.of(new float[] {1, 0.5f}));
    assertMessage("width 0, expected at least 1", () -> SamplingMask.full(0));
    assertMessage(
        "acceleration 0, expected at least 1", () -> SamplingMask.equispaced(10, 0, 0.1, 0));
    assertMessage("offset 4 outside [0, 4)", () -> SamplingMask.equispaced(10, 4, 0.1, 4));
    assertMessage("centre fraction 0.0 outside (0, 1]", () -> SamplingMask.equispaced(10, 4, 0, 0));
    assertMessage(
        "centre fraction 0.01 of 10 columns leaves none",
        () -> SamplingMask.equispaced(10, 4, 0.01, 0));
    assertMessage(
        "probability of random masks 1.5 outside [0, 1]", () -> new MaskPolicy(4, 0.08, 1.5));
    assertMessage("acceleration -1, expected at least 1", () -> MaskPolicy.equispaced(-1));
    assertMessage("centre fraction NaN outside (0, 1]", () -> new MaskPolicy(4, Double.NaN, 0));
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, action::run).getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 1})
  void thePolicyMixesTheKinds(double probability) {
    MaskPolicy policy = new MaskPolicy(4, 0.08, probability);
    Philox stream = Philox.of(2025, "policy");
    int random = 0;
    int[] offsets = new int[4];
    int draws = 1000;
    for (int i = 0; i < draws; i++) {
      SamplingMask mask = policy.draw(160, stream.with(i));
      assertEquals(mask, policy.draw(160, stream.with(i)));
      int offset = 0;
      while (offset < 4 && !mask.equals(SamplingMask.equispaced(160, 4, 0.08, offset))) {
        offset++;
      }
      if (offset == 4) {
        random++;
      } else {
        offsets[offset]++;
      }
    }
    assertEquals(draws * probability, random, 80);
    for (int n : offsets) {
      assertEquals(draws * (1 - probability) / 4, n, 80);
    }
  }

  @Test
  void masksAreValues() {
    float[] columns = {1, 0, 1};
    SamplingMask mask = SamplingMask.of(columns);
    columns[1] = 1;
    mask.columns()[0] = 0;
    assertEquals("1.1", mask.toString());
    assertEquals(parse("1.1"), mask);
    assertEquals(parse("1.1").hashCode(), mask.hashCode());
    assertNotEquals(parse("111"), mask);
    assertEquals(3, mask.width());
  }
}
