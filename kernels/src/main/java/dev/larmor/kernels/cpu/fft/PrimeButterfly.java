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

import jdk.incubator.vector.FloatVector;

/**
 * The pass of an odd prime radix r, straight from the definition but with half its products.
 *
 * <p>With h = (r-1)/2, a_j = x_j + x_(r-j) and b_j = x_j - x_(r-j),
 *
 * <pre>{@code
 * X_k, X_(r-k) = x_0 + Σ_j a_j·cos(2πjk/r) ∓ i·Σ_j b_j·sin(2πjk/r)     1 <= j, k <= h
 * }</pre>
 *
 * so 4h² real multiply-adds: a small matrix product, which runs at the machine's multiply-add rate.
 * A tile of three k is accumulated side by side, so that each a_j and b_j is loaded once for three
 * uses. For r = 23 that is 21 operations per point, about what a radix-2 pass structure would spend
 * on the factor 23 (5·log2(23) = 22.6).
 */
final class PrimeButterfly {
  /** Values of k handled together. */
  private static final int TILE = 3;

  private final int radix;
  private final int half;

  /** For each tile, each j: TILE cosines, then TILE sines. The last k is repeated as padding. */
  private final float[] coefficients;

  PrimeButterfly(int radix) {
    this.radix = radix;
    this.half = (radix - 1) / 2;
    int tiles = (half + TILE - 1) / TILE;
    coefficients = new float[tiles * half * 2 * TILE];
    int at = 0;
    for (int tile = 0; tile < tiles; tile++) {
      for (int j = 1; j <= half; j++, at += 2 * TILE) {
        for (int t = 0; t < TILE; t++) {
          long k = Math.min(1 + tile * TILE + t, half);
          coefficients[at + t] = (float) Roots.cos(j * k, radix);
          coefficients[at + TILE + t] = (float) Roots.sin(j * k, radix);
        }
      }
    }
  }

  /** Points of working memory a pass needs. */
  long workPoints() {
    return radix;
  }

  /** One pass; see {@link Butterflies} for the meaning of the arguments. */
  void pass(long src, long dst, int s, int m, float[] twiddles, long work) {
    long leg = (long) s * m * POINT;
    long out = s * POINT;
    long y = dst;
    int q = s;
    int at = 0;
    for (long x = src; x != src + leg; x += POINT) {
      fold(x, leg, y, work);
      for (int tile = 0; tile * TILE < half; tile++) {
        expand(tile, work, 2 * POINT, y, out);
      }
      if (twiddles != null) {
        twist(y, out, twiddles, at);
      }
      y += POINT;
      if (--q == 0) {
        q = s;
        y += (radix - 1) * out;
        at += (radix - 1) * TWIDDLE;
      }
    }
  }

  /** Leaves x_0, then each (a_j, b_j), in the working memory and stores X_0. */
  private void fold(long x, long leg, long y, long work) {
    FloatVector sumRe = fromMemorySegment(SPECIES, MEMORY, at(x), ORDER);
    FloatVector sumIm = fromMemorySegment(SPECIES, MEMORY, at(x) + VECTOR, ORDER);
    sumRe.intoMemorySegment(MEMORY, at(work), ORDER);
    sumIm.intoMemorySegment(MEMORY, at(work) + VECTOR, ORDER);
    work += POINT;
    long low = x + leg;
    long high = x + (radix - 1) * leg;
    while (low <= high) {
      FloatVector lowRe = fromMemorySegment(SPECIES, MEMORY, at(low), ORDER);
      FloatVector lowIm = fromMemorySegment(SPECIES, MEMORY, at(low) + VECTOR, ORDER);
      FloatVector highRe = fromMemorySegment(SPECIES, MEMORY, at(high), ORDER);
      FloatVector highIm = fromMemorySegment(SPECIES, MEMORY, at(high) + VECTOR, ORDER);
      FloatVector aRe = lowRe.add(highRe);
      FloatVector aIm = lowIm.add(highIm);
      aRe.intoMemorySegment(MEMORY, at(work), ORDER);
      aIm.intoMemorySegment(MEMORY, at(work) + VECTOR, ORDER);
      lowRe.sub(highRe).intoMemorySegment(MEMORY, at(work) + POINT, ORDER);
      lowIm.sub(highIm).intoMemorySegment(MEMORY, at(work) + POINT + VECTOR, ORDER);
      sumRe = sumRe.add(aRe);
      sumIm = sumIm.add(aIm);
      low += leg;
      high -= leg;
      work += 2 * POINT;
    }
    sumRe.intoMemorySegment(MEMORY, at(y), ORDER);
    sumIm.intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
  }

  /** Stores X_k and X_(r-k) for the k of a tile; {@code step} is the size of an (a_j, b_j). */
  private void expand(int tile, long work, long step, long y, long out) {
    FloatVector p0r = fromMemorySegment(SPECIES, MEMORY, at(work), ORDER);
    FloatVector p0i = fromMemorySegment(SPECIES, MEMORY, at(work) + VECTOR, ORDER);
    FloatVector p1r = p0r;
    FloatVector p1i = p0i;
    FloatVector p2r = p0r;
    FloatVector p2i = p0i;
    FloatVector q0r = broadcast(SPECIES, 0);
    FloatVector q0i = q0r;
    FloatVector q1r = q0r;
    FloatVector q1i = q0r;
    FloatVector q2r = q0r;
    FloatVector q2i = q0r;
    work += POINT;
    int c = tile * half * 2 * TILE;
    for (long end = work + half * step; work != end; work += step) {
      FloatVector ar = fromMemorySegment(SPECIES, MEMORY, at(work), ORDER);
      FloatVector ai = fromMemorySegment(SPECIES, MEMORY, at(work) + VECTOR, ORDER);
      FloatVector br = fromMemorySegment(SPECIES, MEMORY, at(work) + POINT, ORDER);
      FloatVector bi = fromMemorySegment(SPECIES, MEMORY, at(work) + POINT + VECTOR, ORDER);
      FloatVector c0 = broadcast(SPECIES, coefficients[c]);
      p0r = ar.fma(c0, p0r);
      p0i = ai.fma(c0, p0i);
      FloatVector c1 = broadcast(SPECIES, coefficients[c + 1]);
      p1r = ar.fma(c1, p1r);
      p1i = ai.fma(c1, p1i);
      FloatVector c2 = broadcast(SPECIES, coefficients[c + 2]);
      p2r = ar.fma(c2, p2r);
      p2i = ai.fma(c2, p2i);
      FloatVector s0 = broadcast(SPECIES, coefficients[c + 3]);
      q0r = bi.fma(s0, q0r);
      q0i = br.fma(s0, q0i);
      FloatVector s1 = broadcast(SPECIES, coefficients[c + 4]);
      q1r = bi.fma(s1, q1r);
      q1i = br.fma(s1, q1i);
      FloatVector s2 = broadcast(SPECIES, coefficients[c + 5]);
      q2r = bi.fma(s2, q2r);
      q2i = br.fma(s2, q2i);
      c += 2 * TILE;
    }
    int k0 = 1 + tile * TILE;
    int k1 = Math.min(k0 + 1, half);
    int k2 = Math.min(k0 + 2, half);
    p0r.add(q0r).intoMemorySegment(MEMORY, at(y + k0 * out), ORDER);
    p0i.sub(q0i).intoMemorySegment(MEMORY, at(y + k0 * out) + VECTOR, ORDER);
    p0r.sub(q0r).intoMemorySegment(MEMORY, at(y + (radix - k0) * out), ORDER);
    p0i.add(q0i).intoMemorySegment(MEMORY, at(y + (radix - k0) * out) + VECTOR, ORDER);
    p1r.add(q1r).intoMemorySegment(MEMORY, at(y + k1 * out), ORDER);
    p1i.sub(q1i).intoMemorySegment(MEMORY, at(y + k1 * out) + VECTOR, ORDER);
    p1r.sub(q1r).intoMemorySegment(MEMORY, at(y + (radix - k1) * out), ORDER);
    p1i.add(q1i).intoMemorySegment(MEMORY, at(y + (radix - k1) * out) + VECTOR, ORDER);
    p2r.add(q2r).intoMemorySegment(MEMORY, at(y + k2 * out), ORDER);
    p2i.sub(q2i).intoMemorySegment(MEMORY, at(y + k2 * out) + VECTOR, ORDER);
    p2r.sub(q2r).intoMemorySegment(MEMORY, at(y + (radix - k2) * out), ORDER);
    p2i.add(q2i).intoMemorySegment(MEMORY, at(y + (radix - k2) * out) + VECTOR, ORDER);
  }

  /** Multiplies X_1 … X_(r-1) by their twiddle factors. */
  private void twist(long y, long out, float[] twiddles, int at) {
    for (int k = 1; k < radix; k++) {
      y += out;
      FloatVector re = fromMemorySegment(SPECIES, MEMORY, at(y), ORDER);
      FloatVector im = fromMemorySegment(SPECIES, MEMORY, at(y) + VECTOR, ORDER);
      FloatVector w = broadcast(SPECIES, twiddles[at]);
      re.fma(w, im.mul(twiddles[at + 2])).intoMemorySegment(MEMORY, at(y), ORDER);
      im.fma(w, re.mul(twiddles[at + 1])).intoMemorySegment(MEMORY, at(y) + VECTOR, ORDER);
      at += TWIDDLE;
    }
  }
}
