package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Butterflies.TWIDDLE;
import static dev.larmor.kernels.cpu.fft.Lanes.MEMORY;
import static dev.larmor.kernels.cpu.fft.Lanes.ORDER;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.SPECIES;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.at;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.incubator.vector.FloatVector;

/**
 * Forward, unscaled one-dimensional transforms of one length, {@link Lanes#WIDTH} at a time.
 *
 * <p>A plan is immutable and may be used by any number of threads, each with its own memory.
 */
abstract sealed class LaneFft {
  /** Above this prime factor the chirp transform beats the direct sums of a prime pass. */
  static final int LARGEST_DIRECT_PRIME = 97;

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

  private LaneFft(int length) {
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
        ? new MixedRadix(length)
        : new Chirp(length);
  }

  /** Points of working memory {@link #transform} needs. */
  abstract long workPoints();

  /** Transforms the {@code length} points at {@code data} in place. */
  abstract void transform(long data, long work);

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

  /**
   * The radices for a length, in two groups of nearly equal product; the second is empty for a
   * single pass.
   */
  static List<List<Integer>> radices(int length) {
    List<Integer> all = new ArrayList<>();
    int rest = length;
    int twos = Integer.numberOfTrailingZeros(rest);
    rest >>= twos;
    for (int factor = 3; rest > 1; factor += 2) {
      while (rest % factor == 0) {
        all.add(factor);
        rest /= factor;
      }
    }
    while (twos > 0) {
      int take = twos == 4 || twos == 2 ? 2 : twos >= 3 ? 3 : 1;
      all.add(1 << take);
      twos -= take;
    }
    // The first step takes the subset of radices whose product is nearest to the square root, of
    // two as near the larger.
    int best = 0;
    long bestProduct = 0;
    double bestDistance = Double.MAX_VALUE;
    for (int subset = 1; subset < 1 << all.size(); subset++) {
      long product = 1;
      for (int i = 0; i < all.size(); i++) {
        product *= (subset >> i & 1) == 1 ? all.get(i) : 1;
      }
      double distance = Math.abs(Math.log((double) product * product / length));
      if (distance < bestDistance - 1e-9
          || (distance < bestDistance + 1e-9 && product > bestProduct)) {
        bestDistance = distance;
        bestProduct = product;
        best = subset;
      }
    }
    List<Integer> first = new ArrayList<>();
    List<Integer> second = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      ((best >> i & 1) == 1 ? first : second).add(all.get(i));
    }
    return List.of(first, second);
  }

  private static int product(List<Integer> factors) {
    return factors.stream().reduce(1, (a, b) -> a * b);
  }

  /** One pass over the points of a step. */
  private static final class Pass {
    final int radix;
    final int s;
    final int m;
    final float[] twiddles;
    final int block;
    final PrimeButterfly prime;

    /**
     * @param s product of the radices of the earlier passes of this step
     * @param m points of this step over s·radix
     * @param before product of the radices of all earlier passes, the earlier step's included
     * @param blocks count of interleaved sequences this step walks over
     */
    Pass(int radix, int s, int m, int before, int blocks, int length) {
      this.radix = radix;
      this.s = s;
      this.m = m;
      this.block = m * (radix - 1) * TWIDDLE;
      this.prime = radix > 5 && radix != 8 ? new PrimeButterfly(radix) : null;
      if (m * blocks == 1) {
        twiddles = null;
        return;
      }
      twiddles = new float[blocks * block];
      int at = 0;
      int period = length / before;
      for (int b = 0; b < blocks; b++) {
        for (int p = 0; p < m; p++) {
          for (int j = 1; j < radix; j++, at += TWIDDLE) {
            long turn = (long) j * (b + (long) blocks * p);
            twiddles[at] = (float) Roots.cos(turn, period);
            twiddles[at + 1] = (float) -Roots.sin(turn, period);
            twiddles[at + 2] = -twiddles[at + 1];
          }
        }
      }
    }

    void run(int index, long src, long srcStep, long dst, long dstStep, long work) {
      int at = index * block;
      switch (radix) {
        case 2 -> Butterflies.radix2(src, srcStep, dst, dstStep, s, m, twiddles, at);
        case 3 -> Butterflies.radix3(src, srcStep, dst, dstStep, s, m, twiddles, at);
        case 4 -> Butterflies.radix4(src, srcStep, dst, dstStep, s, m, twiddles, at);
        case 5 -> Butterflies.radix5(src, srcStep, dst, dstStep, s, m, twiddles, at);
        case 8 -> Butterflies.radix8(src, srcStep, dst, dstStep, s, m, twiddles, at);
        default -> prime.pass(src, srcStep, dst, dstStep, s, m, twiddles, at, work);
      }
    }
  }

  /** A sequence of passes through buffers small enough for the first-level cache. */
  private static final class Step {
    final int length;
    final Pass[] passes;

    Step(List<Integer> radices, int before, int blocks, int total) {
      int product = product(radices);
      length = product;
      passes = new Pass[radices.size()];
      int s = 1;
      for (int i = 0; i < passes.length; i++) {
        int radix = radices.get(i);
        passes[i] = new Pass(radix, s, product / (s * radix), before * s, blocks, total);
        s *= radix;
      }
    }

    long workPoints() {
      long most = 0;
      for (Pass pass : passes) {
        most = Math.max(most, pass.prime == null ? 0 : pass.prime.workPoints());
      }
      return 2L * length + most;
    }

    void run(int index, long src, long srcStep, long dst, long dstStep, long work) {
      long here = work;
      long there = here + length * POINT;
      long prime = there + length * POINT;
      for (int i = 0; i < passes.length; i++) {
        boolean last = i == passes.length - 1;
        passes[i].run(index, src, srcStep, last ? dst : here, last ? dstStep : POINT, prime);
        src = here;
        srcStep = POINT;
        here = there;
        there = src;
      }
    }
  }

  private static final class MixedRadix extends LaneFft {
    private final Step first;
    private final Step second;

    MixedRadix(int length) {
      this(radices(length));
    }

    private MixedRadix(List<List<Integer>> groups) {
      super(product(groups.get(0)) * product(groups.get(1)));
      int rows = product(groups.get(0));
      first = new Step(groups.get(0), 1, length / rows, length);
      second = new Step(groups.get(1), rows, 1, length);
    }

    @Override
    long workPoints() {
      return (long) length + Math.max(first.workPoints(), second.workPoints());
    }

    @Override
    void transform(long data, long work) {
      int n1 = first.length;
      int n2 = second.length;
      long small = work + length * POINT;
      if (n2 == 1) {
        first.run(0, data, POINT, data, POINT, work);
        return;
      }
      for (int j = 0; j < n2; j++) {
        first.run(j, data + j * POINT, n2 * POINT, work + j * POINT, n2 * POINT, small);
      }
      for (int k = 0; k < n1; k++) {
        second.run(0, work + (long) k * n2 * POINT, POINT, data + k * POINT, n1 * POINT, small);
      }
    }
  }

  /** Bluestein: a transform of any length as a cyclic convolution of a smooth one. */
  private static final class Chirp extends LaneFft {
    private final MixedRadix smooth;
    private final float[] chirp;
    private final float[] filter;

    Chirp(int length) {
      super(length);
      int size = 2 * length - 1;
      while (largestPrimeFactor(size) > 5) {
        size++;
      }
      smooth = new MixedRadix(size);
      double[] re = new double[size];
      double[] im = new double[size];
      chirp = new float[2 * length];
      for (int k = 0; k < length; k++) {
        long turn = (long) k * k % (2L * length);
        double c = Roots.cos(turn, 2L * length);
        double s = Roots.sin(turn, 2L * length);
        chirp[2 * k] = (float) c;
        chirp[2 * k + 1] = (float) -s;
        re[k] = c;
        im[k] = s;
        re[(size - k) % size] = c;
        im[(size - k) % size] = s;
      }
      double[][] spectrum = Roots.transform(re, im);
      filter = new float[2 * size];
      for (int k = 0; k < size; k++) {
        filter[2 * k] = (float) (spectrum[0][k] / size);
        filter[2 * k + 1] = (float) (spectrum[1][k] / size);
      }
    }

    @Override
    long workPoints() {
      return smooth.length + smooth.workPoints();
    }

    @Override
    void transform(long data, long work) {
      long padded = work;
      long rest = work + smooth.length * POINT;
      multiply(data, chirp, length, padded, 0, VECTOR);
      MEMORY.asSlice(padded + length * POINT, (smooth.length - length) * POINT).fill((byte) 0);
      smooth.transform(padded, rest);
      // A forward transform between two exchanges of real and imaginary part is the inverse one.
      multiply(padded, filter, smooth.length, padded, VECTOR, 0);
      smooth.transform(padded, rest);
      swap(padded, length);
      multiply(padded, chirp, length, data, 0, VECTOR);
    }

    private static void swap(long points, int count) {
      for (int k = 0; k < count; k++, points += POINT) {
        FloatVector re = fromMemorySegment(SPECIES, MEMORY, at(points), ORDER);
        FloatVector im = fromMemorySegment(SPECIES, MEMORY, at(points) + VECTOR, ORDER);
        im.intoMemorySegment(MEMORY, at(points), ORDER);
        re.intoMemorySegment(MEMORY, at(points) + VECTOR, ORDER);
      }
    }

    /** dst[k] = src[k] * factors[k], the parts of a result stored at the given offsets. */
    private static void multiply(
        long src, float[] factors, int count, long dst, long rePart, long imPart) {
      for (int k = 0; k < count; k++, src += POINT, dst += POINT) {
        FloatVector re = fromMemorySegment(SPECIES, MEMORY, at(src), ORDER);
        FloatVector im = fromMemorySegment(SPECIES, MEMORY, at(src) + VECTOR, ORDER);
        FloatVector fRe = broadcast(SPECIES, factors[2 * k]);
        FloatVector fIm = broadcast(SPECIES, factors[2 * k + 1]);
        re.mul(fRe).sub(im.mul(fIm)).intoMemorySegment(MEMORY, at(dst + rePart), ORDER);
        re.fma(fIm, im.mul(fRe)).intoMemorySegment(MEMORY, at(dst + imPart), ORDER);
      }
    }
  }
}
