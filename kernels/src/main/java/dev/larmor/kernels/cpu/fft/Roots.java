package dev.larmor.kernels.cpu.fft;

/** Cosines and sines of whole fractions of a turn, exact in their argument and in octant. */
final class Roots {
  private Roots() {}

  /** cos(2π·k/n). */
  static double cos(long k, long n) {
    return octant(4 * Math.floorMod(k, n), n);
  }

  /** sin(2π·k/n) = cos(2π·(k/n - 1/4)). */
  static double sin(long k, long n) {
    return octant(Math.floorMod(4 * k - n, 4 * n), n);
  }

  /** cos((π/2)·quarters/n), brought to an angle of at most an eighth of a turn. */
  private static double octant(long quarters, long n) {
    long angle = quarters > 2 * n ? 4 * n - quarters : quarters; // cosine is even: 0 .. half a turn
    if (angle > n) {
      return -octant(2 * n - angle, n);
    }
    return 2 * angle <= n
        ? Math.cos(Math.PI / 2 * angle / n)
        : Math.sin(Math.PI / 2 * (n - angle) / n);
  }

  /** The forward transform {re, im} of a sequence in double precision, by recursion on factors. */
  static double[][] transform(double[] re, double[] im) {
    int n = re.length;
    int factor = 2;
    while (factor < n && n % factor != 0) {
      factor++;
    }
    double[][] out = new double[2][n];
    if (n == 1) {
      out[0][0] = re[0];
      out[1][0] = im[0];
      return out;
    }
    int m = n / factor;
    for (int start = 0; start < factor; start++) {
      double[] partRe = new double[m];
      double[] partIm = new double[m];
      for (int i = 0; i < m; i++) {
        partRe[i] = re[start + i * factor];
        partIm[i] = im[start + i * factor];
      }
      double[][] part = m == 1 ? new double[][] {partRe, partIm} : transform(partRe, partIm);
      for (int k = 0; k < n; k++) {
        double c = cos((long) start * k, n);
        double s = -sin((long) start * k, n);
        double pRe = part[0][k % m];
        double pIm = part[1][k % m];
        out[0][k] += pRe * c - pIm * s;
        out[1][k] += pRe * s + pIm * c;
      }
    }
    return out;
  }
}
