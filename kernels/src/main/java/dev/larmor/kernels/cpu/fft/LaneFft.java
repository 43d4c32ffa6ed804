package dev.larmor.kernels.cpu.fft;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Forward, unscaled one-dimensional transforms of one length, {@link Lanes#WIDTH} at a time.
 *
 * <p>A plan is immutable and may be used by any number of threads, each with its own memory.
 */
abstract sealed class LaneFft permits MixedRadixFft, ChirpFft {
  /** Above this prime factor the chirp transform beats the direct sums of a prime pass. */
  static final int LARGEST_DIRECT_PRIME = 131;

  private static final int CACHED_LENGTHS = 64;
  private static final Map<Integer, LaneFft> CACHE =
      new LinkedHashMap<>(CACHED_LENGTHS, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, LaneFft> eldest) {
          return size() > CACHED_LENGTHS;
        }
      };

  final int length;

  LaneFft(int length) {
    this.length = length;
  }

  /** The plan of a length, made or found in the cache. */
  static LaneFft of(int length) {
    synchronized (CACHE) {
      return CACHE.computeIfAbsent(length, LaneFft::plan);
    }
  }

  private static LaneFft plan(int length) {
    return largestPrimeFactor(length) <= LARGEST_DIRECT_PRIME
        ? new MixedRadixFft(length)
        : new ChirpFft(length);
  }

  /** Bytes of working memory {@link #transform} needs. */
  abstract long workBytes();

  /**
   * Transforms the {@code length} points at {@code data}, which working memory best follows at
   * distance {@link Lanes#apart}.
   *
   * @return where the transform lies: {@code data} or {@code work}
   */
  abstract long transform(long data, long work);

  static int largestPrimeFactor(int n) {
    int largest = 1;
    for (int factor = 2; (long) factor * factor <= n; factor++) {
      while (n % factor == 0) {
        largest = factor;
        n /= factor;
      }
    }
    return Math.max(largest, n);
  }
}
