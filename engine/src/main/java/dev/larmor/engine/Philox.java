package dev.larmor.engine;

import java.nio.charset.StandardCharsets;

/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
 * 1, 2, 3", SC 2011).
 *
 * <p>A stream is named by what it is for – seed, purpose, module, step, sample – and its i-th
 * number depends on the name and i alone: never on threads, ranks, devices or what was drawn
 * before. So a recomputed dropout repeats itself with nothing saved, and any number of workers
 * draws the same numbers.
 *
 * @param key the 64-bit Philox key
 * @param high the upper half of the 128-bit counter; the lower half counts blocks of four numbers
 */
public record Philox(long key, long high) {
  private static final int M0 = 0xD2511F53;
  private static final int M1 = 0xCD9E8D57;
  private static final int W0 = 0x9E3779B9;
  private static final int W1 = 0xBB67AE85;

  /** The stream for one purpose under one seed: {@code ("mask", 2025)}. */
  public static Philox of(long seed, String purpose) {
    return new Philox(mix(seed ^ 0x6C61726D6F72L), 0).with(purpose);
  }

  /** The sub-stream named by a text, such as a module path or a file name. */
  public Philox with(String name) {
    long h = 0xCBF29CE484222325L;
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xFF)) * 0x100000001B3L;
    }
    return with(h);
  }

  /** The sub-stream numbered {@code index}, such as a step or a sample. */
  public Philox with(long index) {
    long k = mix(key + mix(index + 0x9E3779B97F4A7C15L));
    return new Philox(k, mix(high ^ Long.rotateLeft(k, 32) ^ index));
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The {@code i}-th 32-bit number, i ≥ 0. */
  public int bits(long i) {
    return word(
        (int) (i >>> 2),
        (int) (i >>> 34),
        (int) high,
        (int) (high >>> 32),
        (int) key,
        (int) (key >>> 32),
        (int) (i & 3));
  }

  /** Word {@code lane} of four that counter c and key k give. */
  static int word(int c0, int c1, int c2, int c3, int k0, int k1, int lane) {
    for (int round = 0; round < 10; round++) {
      long p0 = (M0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long p1 = (M1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int n0 = (int) (p1 >>> 32) ^ c1 ^ k0;
      int n2 = (int) (p0 >>> 32) ^ c3 ^ k1;
      c1 = (int) p1;
      c3 = (int) p0;
      c0 = n0;
      c2 = n2;
      k0 += W0;
      k1 += W1;
    }
    return switch (lane) {
      case 0 -> c0;
      case 1 -> c1;
      case 2 -> c2;
      default -> c3;
    };
  }

  /** The {@code i}-th number, uniform in [0, 1) on a grid of 2^-24: exact in float. */
  public float uniform(long i) {
    return (bits(i) >>> 8) * 0x1p-24f;
  }

  /**
   * The {@code i}-th number uniform in {0, …, bound − 1}, by multiplication (bias below 2^-32 ·
   * bound).
   */
  public int below(int bound, long i) {
    if (bound < 1) {
      throw new IllegalArgumentException("bound must be at least 1, not " + bound);
    }
    return (int) (((bits(i) & 0xFFFFFFFFL) * bound) >>> 32);
  }

  /** The {@code i}-th standard normal number (Box–Muller on numbers 2i and 2i + 1). */
  public double normal(long i) {
    double u = ((bits(2 * i) & 0xFFFFFFFFL) + 1) * 0x1p-32;
    double v = (bits(2 * i + 1) & 0xFFFFFFFFL) * 0x1p-32;
    return Math.sqrt(-2 * StrictMath.log(u)) * StrictMath.cos(2 * Math.PI * v);
  }

  /** The numbers 0 … n−1 in random order (Fisher–Yates). */
  public int[] permutation(int n) {
    int[] p = new int[n];
    for (int i = 0; i < n; i++) {
      int j = below(i + 1, i);
      p[i] = p[j];
      p[j] = i;
    }
    return p;
  }
}
