package dev.larmor.kernels.ref;

import dev.larmor.engine.op.AnatomicalMask;
import dev.larmor.engine.op.SobelMagnitude;
import dev.larmor.engine.op.Ssim;

/** Ops on real images {@code F32[N, H, W]}: structural similarity, edges, morphology. */
final class Images {
  private static final int[][] SOBEL_X = {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}};

  private Images() {}

  private static long index(RefTensor x, int n, int h, int w) {
    return ((long) n * x.dim(1) + h) * x.dim(2) + w;
  }

  private static boolean inside(RefTensor x, int h, int w) {
    return h >= 0 && h < x.dim(1) && w >= 0 && w < x.dim(2);
  }

  /** The statistics of one window, and what the similarity is made of. */
  private static final class Window {
    final Ssim op;
    final RefTensor x;
    final RefTensor y;
    final int n;
    final int top;
    final int left;
    final double meanX;
    final double meanY;
    final double luminance;
    final double luminanceNorm;
    final double structure;
    final double structureNorm;

    Window(Ssim op, RefTensor x, RefTensor y, RefTensor range, int n, int top, int left) {
      this.op = op;
      this.x = x;
      this.y = y;
      this.n = n;
      this.top = top;
      this.left = left;
      double sumX = 0;
      double sumY = 0;
      for (int i = 0; i < size(); i++) {
        sumX += x.re(at(i));
        sumY += y.re(at(i));
      }
      meanX = sumX / size();
      meanY = sumY / size();
      double varX = 0;
      double varY = 0;
      double cov = 0;
      for (int i = 0; i < size(); i++) {
        double dx = x.re(at(i)) - meanX;
        double dy = y.re(at(i)) - meanY;
        varX += dx * dx / (size() - 1);
        varY += dy * dy / (size() - 1);
        cov += dx * dy / (size() - 1);
      }
      double c1 = op.k1() * range.re(n) * op.k1() * range.re(n);
      double c2 = op.k2() * range.re(n) * op.k2() * range.re(n);
      luminance = 2 * meanX * meanY + c1;
      luminanceNorm = meanX * meanX + meanY * meanY + c1;
      structure = 2 * cov + c2;
      structureNorm = varX + varY + c2;
    }

    int size() {
      return op.window() * op.window();
    }

    /** Row-major index of the window's {@code i}-th pixel. */
    long at(int i) {
      return index(x, n, top + i / op.window(), left + i % op.window());
    }

    double similarity() {
      return luminance * structure / (luminanceNorm * structureNorm);
    }

    /** Derivative of the similarity with respect to the window's {@code i}-th pixel of x. */
    double derivative(int i) {
      double dx = x.re(at(i)) - meanX;
      double dy = y.re(at(i)) - meanY;
      double dLuminance = 2 * meanY / size();
      double dLuminanceNorm = 2 * meanX / size();
      double dStructure = 2 * dy / (size() - 1);
      double dStructureNorm = 2 * dx / (size() - 1);
      return (dLuminance * structure + luminance * dStructure) / (luminanceNorm * structureNorm)
          - similarity() * (dLuminanceNorm / luminanceNorm + dStructureNorm / structureNorm);
    }
  }

  private interface AtWindow {
    void visit(Window window, long map);
  }

  private static void windows(Ssim op, RefTensor x, RefTensor y, RefTensor range, AtWindow at) {
    int height = x.dim(1) - op.window() + 1;
    int width = x.dim(2) - op.window() + 1;
    for (int n = 0; n < x.dim(0); n++) {
      for (int h = 0; h < height; h++) {
        for (int w = 0; w < width; w++) {
          at.visit(new Window(op, x, y, range, n, h, w), ((long) n * height + h) * width + w);
        }
      }
    }
  }

  static void ssim(Ssim op, RefTensor x, RefTensor y, RefTensor range, RefTensor map) {
    windows(op, x, y, range, (window, i) -> map.set(i, window.similarity()));
  }

  static void ssimGrad(
      Ssim op, RefTensor g, RefTensor x, RefTensor y, RefTensor range, RefTensor gx) {
    gx.zero();
    windows(
        op,
        x,
        y,
        range,
        (window, map) -> {
          for (int i = 0; i < window.size(); i++) {
            gx.add(window.at(i), g.re(map) * window.derivative(i), 0);
          }
        });
  }

  /** Edge strength along w, or along h with the transposed kernel. */
  private static double sobel(RefTensor x, int n, int h, int w, boolean transposed) {
    double sum = 0;
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        if (inside(x, h + i - 1, w + j - 1)) {
          sum += tap(i, j, transposed) * x.re(index(x, n, h + i - 1, w + j - 1));
        }
      }
    }
    return sum;
  }

  private static int tap(int i, int j, boolean transposed) {
    return transposed ? SOBEL_X[j][i] : SOBEL_X[i][j];
  }

  static void sobelMagnitude(SobelMagnitude op, RefTensor x, RefTensor y) {
    for (int n = 0; n < x.dim(0); n++) {
      for (int h = 0; h < x.dim(1); h++) {
        for (int w = 0; w < x.dim(2); w++) {
          double gx = sobel(x, n, h, w, false);
          double gy = sobel(x, n, h, w, true);
          y.set(index(y, n, h, w), Math.sqrt(gx * gx + gy * gy + op.eps()));
        }
      }
    }
  }

  static void sobelMagnitudeGrad(SobelMagnitude.Grad op, RefTensor g, RefTensor x, RefTensor y) {
    y.zero();
    for (int n = 0; n < x.dim(0); n++) {
      for (int h = 0; h < x.dim(1); h++) {
        for (int w = 0; w < x.dim(2); w++) {
          double gx = sobel(x, n, h, w, false);
          double gy = sobel(x, n, h, w, true);
          double factor = g.re(index(g, n, h, w)) / Math.sqrt(gx * gx + gy * gy + op.eps());
          for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 3; j++) {
              if (inside(x, h + i - 1, w + j - 1)) {
                y.add(
                    index(y, n, h + i - 1, w + j - 1),
                    factor * (gx * tap(i, j, false) + gy * tap(i, j, true)),
                    0);
              }
            }
          }
        }
      }
    }
  }

  static void anatomicalMask(AnatomicalMask op, RefTensor x, RefTensor y) {
    for (int n = 0; n < x.dim(0); n++) {
      boolean[][] mask = new boolean[x.dim(1)][x.dim(2)];
      for (int h = 0; h < x.dim(1); h++) {
        for (int w = 0; w < x.dim(2); w++) {
          mask[h][w] = x.re(index(x, n, h, w)) > op.threshold();
        }
      }
      for (int steps : AnatomicalMask.STEPS) {
        for (int s = 0; s < Math.abs(steps); s++) {
          mask = spread(mask, steps > 0);
        }
      }
      for (int h = 0; h < x.dim(1); h++) {
        for (int w = 0; w < x.dim(2); w++) {
          y.set(index(y, n, h, w), mask[h][w] ? 1 : 0);
        }
      }
    }
  }

  /** Every pixel with {@code value} among its 3 × 3 neighbours inside the image takes it. */
  private static boolean[][] spread(boolean[][] mask, boolean value) {
    boolean[][] result = new boolean[mask.length][];
    for (int h = 0; h < mask.length; h++) {
      result[h] = mask[h].clone();
      for (int w = 0; w < mask[h].length; w++) {
        for (int i = Math.max(0, h - 1); i <= Math.min(mask.length - 1, h + 1); i++) {
          for (int j = Math.max(0, w - 1); j <= Math.min(mask[h].length - 1, w + 1); j++) {
            if (mask[i][j] == value) {
              result[h][w] = value;
            }
          }
        }
      }
    }
    return result;
  }
}
