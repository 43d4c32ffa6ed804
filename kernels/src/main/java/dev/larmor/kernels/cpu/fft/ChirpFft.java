package dev.larmor.kernels.cpu.fft;

import static dev.larmor.kernels.cpu.fft.Lanes.MEMORY;
import static dev.larmor.kernels.cpu.fft.Lanes.ORDER;
import static dev.larmor.kernels.cpu.fft.Lanes.POINT;
import static dev.larmor.kernels.cpu.fft.Lanes.SPECIES;
import static dev.larmor.kernels.cpu.fft.Lanes.VECTOR;
import static dev.larmor.kernels.cpu.fft.Lanes.apart;
import static dev.larmor.kernels.cpu.fft.Lanes.at;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.FloatVector.fromMemorySegment;

import jdk.incubator.vector.FloatVector;

/**
 * A length with a large prime factor, as a cyclic convolution of a length without (Bluestein).
 *
 * <p>With c_k = exp(-πi·k²/n) and j·k = (j² + k² - (k-j)²)/2,
 *
 * <pre>{@code
 * X_k = c_k · Σ_j (c_j·x_j) · conj(c_(k-j))
 * }</pre>
 *
 * The convolution with conj(c) has at least 2n - 1 points and is done in the frequency domain.
 */
final class ChirpFft extends LaneFft {
  private final MixedRadixFft smooth;

  /** c_k as (re, im). */
  private final float[] chirp;

  /** The transform of conj(c), divided by its length for the inverse that follows. */
  private final float[] filter;

  ChirpFft(int length) {
    super(length);
    int size = 2 * length - 1;
    while (largestPrimeFactor(size) > 5) {
      size++;
    }
    smooth = new MixedRadixFft(size);
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
  long workBytes() {
    return apart(smooth.length) + smooth.workBytes();
  }

  @Override
  long transform(long data, long work) {
    long padded = work;
    long rest = work + apart(smooth.length);
    multiply(data, 0, chirp, length, padded, 0);
    MEMORY.asSlice(padded + length * POINT, (smooth.length - length) * POINT).fill((byte) 0);
    long spectrum = smooth.transform(padded, rest);
    // A forward transform between two exchanges of real and imaginary part is the inverse one.
    multiply(spectrum, 0, filter, smooth.length, padded, VECTOR);
    long convolution = smooth.transform(padded, rest);
    multiply(convolution, VECTOR, chirp, length, data, 0);
    return data;
  }

  /** dst[k] = src[k] * factors[k], for points whose real parts lie at the given offsets. */
  private static void multiply(
      long src, long srcRe, float[] factors, int count, long dst, long dstRe) {
    for (int k = 0; k < count; k++) {
      FloatVector re = fromMemorySegment(SPECIES, MEMORY, at(src + srcRe), ORDER);
      FloatVector im = fromMemorySegment(SPECIES, MEMORY, at(src + VECTOR - srcRe), ORDER);
      FloatVector fRe = broadcast(SPECIES, factors[2 * k]);
      FloatVector fIm = broadcast(SPECIES, factors[2 * k + 1]);
      re.mul(fRe).sub(im.mul(fIm)).intoMemorySegment(MEMORY, at(dst + dstRe), ORDER);
      re.fma(fIm, im.mul(fRe)).intoMemorySegment(MEMORY, at(dst + VECTOR - dstRe), ORDER);
      src += POINT;
      dst += POINT;
    }
  }
}
