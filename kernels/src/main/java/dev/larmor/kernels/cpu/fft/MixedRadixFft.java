package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Butterflies.TWIDDLE;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.apart;

import java.util.stream.IntStream;

/** A length without large prime factors, as a sequence of passes between two buffers. */
final class MixedRadixFft extends LaneFft {
  private final Pass[] passes;

  MixedRadixFft(int length) {
    super(length);
    int[] radices = radices(length);
    passes = new Pass[radices.length];
    int s = 1;
    for (int i = 0; i < passes.length; i++) {
      passes[i] = new Pass(radices[i], s, length / (s * radices[i]));
      s *= radices[i];
    }
  }

  /** The radices of a length: 8, 4 and 2, then the odd prime factors from the least. */
  private static int[] radices(int length) {
    IntStream.Builder radices = IntStream.builder();
    int twos = Integer.numberOfTrailingZeros(length);
    int rest = length >> twos;
    while (twos > 0) {
      int take = twos == 4 ? 2 : Math.min(twos, 3); // 16 is better 4·4 than 8·2
      radices.add(1 << take);
      twos -= take;
    }
    for (int factor = 3; rest > 1; factor += 2) {
      while (rest % factor == 0) {
        radices.add(factor);
        rest /= factor;
      }
    }
    return radices.build().toArray();
  }

  @Override
  long workBytes() {
    long most = 0;
    for (Pass pass : passes) {
      most = Math.max(most, pass.prime == null ? 0 : pass.prime.workPoints() * POINT);
    }
    return apart(length) + most;
  }

  @Override
  long transform(long data, long work) {
    long here = data;
    long there = work;
    long rest = work + apart(length);
    for (Pass pass : passes) {
      pass.run(here, there, rest);
      long swap = here;
      here = there;
      there = swap;
    }
    return here;
  }

  /** One pass over all points; see {@link Butterflies}. */
  private static final class Pass {
    final int radix;
    final int s;
    final int m;
    final float[] twiddles;
    final PrimeButterfly prime;

    /** Not a constant to the compiler; see {@link Butterflies}. */
    final long step = POINT;

    /**
     * @param s product of the radices of the passes before
     * @param m product of the radices of the passes after
     */
    Pass(int radix, int s, int m) {
      this.radix = radix;
      this.s = s;
      this.m = m;
      this.twiddles = m == 1 ? null : twiddles(radix, m);
      this.prime = radix > 5 && radix != 8 ? new PrimeButterfly(radix) : null;
    }

    private static float[] twiddles(int radix, int m) {
      float[] twiddles = new float[m * (radix - 1) * TWIDDLE];
      long period = (long) m * radix;
      int at = 0;
      for (int p = 0; p < m; p++) {
        for (int j = 1; j < radix; j++) {
          long turn = (long) j * p;
          twiddles[at] = (float) Roots.cos(turn, period);
          twiddles[at + 1] = (float) -Roots.sin(turn, period);
          twiddles[at + 2] = -twiddles[at + 1];
          at += TWIDDLE;
        }
      }
      return twiddles;
    }

    void run(long src, long dst, long work) {
      switch (radix) {
        case 2 -> Butterflies.radix2(src, dst, step, s, m, twiddles);
        case 3 -> Butterflies.radix3(src, dst, step, s, m, twiddles);
        case 4 -> Butterflies.radix4(src, dst, step, s, m, twiddles);
        case 5 -> Butterflies.radix5(src, dst, step, s, m, twiddles);
        case 8 -> Butterflies.radix8(src, dst, step, s, m, twiddles);
        default -> prime.pass(src, dst, s, m, twiddles, work);
      }
    }
  }
}
