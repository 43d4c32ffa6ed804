package dev.larmor.kernels.ref;

import dev.larmor.engine.op.Fft2;

/** The two-dimensional discrete Fourier transform by its sum. */
final class Fourier {
  private Fourier() {}

  static void fft2(Fft2 op, RefTensor x, RefTensor y) {
    int h = x.dim(-2);
    int w = x.dim(-1);
    long plane = (long) h * w;
    Elementwise.copy(x, y);
    for (long start = 0; start < y.elements(); start += plane) {
      for (int row = 0; row < h; row++) {
        dft(op, y, start + (long) row * w, 1, w);
      }
      for (int column = 0; column < w; column++) {
        dft(op, y, start + column, w, h);
      }
    }
  }

  /**
   * {@code y_k = n^-½ Σ_j x_j·exp(∓2πi·(j − c)(k − c)/n)} in place on n elements {@code stride}
   * apart; c = ⌊n/2⌋ if centred, else 0.
   */
  private static void dft(Fft2 op, RefTensor x, long start, int stride, int n) {
    int centre = op.centred() ? n / 2 : 0;
    double direction = op.inverse() ? 2 * Math.PI : -2 * Math.PI;
    double[] cos = new double[n];
    double[] sin = new double[n];
    double[] re = new double[n];
    double[] im = new double[n];
    for (int j = 0; j < n; j++) {
      cos[j] = Math.cos(direction * j / n) / Math.sqrt(n);
      sin[j] = Math.sin(direction * j / n) / Math.sqrt(n);
      re[j] = x.re(start + (long) j * stride);
      im[j] = x.im(start + (long) j * stride);
    }
    for (int k = 0; k < n; k++) {
      double sumRe = 0;
      double sumIm = 0;
      for (int j = 0; j < n; j++) {
        int turn = Math.floorMod((long) (j - centre) * (k - centre), n);
        sumRe += re[j] * cos[turn] - im[j] * sin[turn];
        sumIm += re[j] * sin[turn] + im[j] * cos[turn];
      }
      x.set(start + (long) k * stride, sumRe, sumIm);
    }
  }
}
