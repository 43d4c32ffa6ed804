package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PhiloxTest {
  /** The known answers that come with Random123 for philox4x32-10. */
  @Test
  void givesTheKnownAnswers() {
    assertArrayEquals(
        new int[] {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, block(0, 0, 0, 0, 0, 0));
    assertArrayEquals(
        new int[] {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}, block(-1, -1, -1, -1, -1, -1));
    assertArrayEquals(
        new int[] {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1},
        block(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0));
  }

  private static int[] block(int c0, int c1, int c2, int c3, int k0, int k1) {
    int[] words = new int[4];
    Arrays.setAll(words, lane -> Philox.word(c0, c1, c2, c3, k0, k1, lane));
    return words;
  }

  @Test
  void numbersCountUpTheLowerHalfOfTheCounter() {
    Philox stream = new Philox(0x299f31d0a4093822L, 0x0370734413198a2eL);
    long block = 0x05a308d3243f6a88L;
    for (int lane = 0; lane < 4; lane++) {
      assertEquals(
          Philox.word(0x243f6a88, 0x05a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, lane),
          stream.bits(4 * block + lane));
    }
    assertEquals(0x6627e8d5, new Philox(0, 0).bits(0));
    assertEquals(0x9b00dbd8, new Philox(0, 0).bits(3));
  }

  @Test
  void streamsAreNamedByWhatTheyAreFor() {
    Philox mask = Philox.of(2025, "mask");
    assertEquals(mask, Philox.of(2025, "mask"));
    Set<Philox> streams = new HashSet<>();
    for (int seed = 0; seed < 10; seed++) {
      for (String purpose : new String[] {"mask", "init", "dropout"}) {
        for (int step = 0; step < 10; step++) {
          streams.add(Philox.of(seed, purpose).with("unet").with(step));
          streams.add(Philox.of(seed, purpose).with("unet").with(step).with(step));
        }
      }
    }
    assertEquals(600, streams.size());
    assertNotEquals(mask.with(1).with(2), mask.with(2).with(1));
    assertNotEquals(mask.with("ab").with("c"), mask.with("a").with("bc"));
  }

  @Test
  void uniformNumbersAreUniform() {
    Philox stream = Philox.of(1, "uniform");
    int n = 1 << 17;
    int[] bins = new int[64];
    double sum = 0;
    double lagged = 0;
    float previous = 0.5f;
    for (int i = 0; i < n; i++) {
      float u = stream.uniform(i);
      assertTrue(u >= 0 && u < 1);
      assertEquals(u, Math.scalb(Math.rint(Math.scalb(u, 24)), -24), "on a grid of 2^-24");
      bins[(int) (u * 64)]++;
      sum += u;
      lagged += (u - 0.5) * (previous - 0.5);
      previous = u;
    }
    assertEquals(0.5, sum / n, 5 * Math.sqrt(1 / 12.0 / n));
    assertEquals(0, lagged / n * 12, 5 / Math.sqrt(n));
    double chi2 =
        Arrays.stream(bins).mapToDouble(b -> Math.pow(b - n / 64.0, 2) / (n / 64.0)).sum();
    assertTrue(chi2 > 30 && chi2 < 110, "chi² of 63 degrees of freedom: " + chi2);
  }

  @Test
  void neighbouringStreamsAreNotCorrelated() {
    Philox a = Philox.of(1, "a").with(1);
    Philox b = Philox.of(1, "a").with(2);
    int n = 1 << 15;
    double product = 0;
    for (int i = 0; i < n; i++) {
      product += (a.uniform(i) - 0.5) * (b.uniform(i) - 0.5);
    }
    assertEquals(0, product / n * 12, 5 / Math.sqrt(n));
  }

  @Test
  void normalNumbersAreNormal() {
    Philox stream = Philox.of(1, "normal");
    int n = 1 << 16;
    double[] moments = new double[5];
    int within = 0;
    for (int i = 0; i < n; i++) {
      double z = stream.normal(i);
      for (int m = 1; m < moments.length; m++) {
        moments[m] += Math.pow(z, m) / n;
      }
      within += Math.abs(z) < 1 ? 1 : 0;
    }
    double sigma = 1 / Math.sqrt(n);
    assertEquals(0, moments[1], 5 * sigma);
    assertEquals(1, moments[2], 5 * Math.sqrt(2) * sigma);
    assertEquals(0, moments[3], 5 * Math.sqrt(15) * sigma);
    assertEquals(3, moments[4], 5 * Math.sqrt(96) * sigma);
    assertEquals(0.682689, (double) within / n, 5 * 0.466 * sigma);
  }

  @Test
  void belowGivesEveryValueOfItsRange() {
    Philox stream = Philox.of(1, "below");
    int[] counts = new int[7];
    for (int i = 0; i < 70_000; i++) {
      counts[stream.below(7, i)]++;
    }
    for (int count : counts) {
      assertEquals(10_000, count, 5 * Math.sqrt(10_000 * 6 / 7.0));
    }
    assertEquals(0, stream.below(1, 5));
    assertTrue(stream.below(Integer.MAX_VALUE, 5) >= 0);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> stream.below(0, 0));
    assertEquals("bound must be at least 1, not 0", e.getMessage());
  }

  @Test
  void permutationsAreAllEquallyLikely() {
    Philox stream = Philox.of(1, "permutation");
    int[] counts = new int[64];
    int draws = 24_000;
    for (int d = 0; d < draws; d++) {
      int[] p = stream.with(d).permutation(4);
      assertEquals(0b1111, Arrays.stream(p).map(v -> 1 << v).sum());
      counts[p[0] * 16 + p[1] * 4 + p[2]]++;
    }
    int seen = 0;
    for (int count : counts) {
      if (count > 0) {
        assertEquals(1000, count, 5 * Math.sqrt(1000));
        seen++;
      }
    }
    assertEquals(24, seen);
    assertArrayEquals(new int[0], stream.permutation(0));
    int[] all = stream.permutation(1000);
    Arrays.sort(all);
    for (int i = 0; i < all.length; i++) {
      assertEquals(i, all[i]);
    }
  }
}
