package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Ssim;
import java.util.Arrays;

/**
 * Structural similarity. The sums over windows are taken column by column, then along the row, in
 * double precision: the constants are some 1e-4 of the squared data range, and so may the variances
 * be, as differences of squares.
 */
final class Similarity {
  /** Rows of the map in a task. */
  private static final int ROWS = 16;

  private final Team team;

  Similarity(Team team) {
    this.team = team;
  }

  /** Workspace of the gradient: three numbers for each window. */
  static long gradWorkspace(TensorSpec map) {
    return 3 * DOUBLE * map.shape().elements();
  }

  /** The images and the constants of one sample. */
  private static final class Sample {
    final int window;
    final int width;
    final int mapWidth;
    final long x;
    final long y;
    final double c1;
    final double c2;
    final double[] x1; // sums down the columns of a row of windows
    final double[] y1;
    final double[] xx;
    final double[] yy;
    final double[] xy;

    Sample(Ssim op, Array x, Array y, Array range, int n) {
      window = op.window();
      width = x.dim(2);
      mapWidth = width - window + 1;
      long image = (long) n * x.dim(1) * width * FLOAT;
      this.x = x.address() + image;
      this.y = y.address() + image;
      double l = range.get(n);
      c1 = op.k1() * l * op.k1() * l;
      c2 = op.k2() * l * op.k2() * l;
      x1 = new double[width];
      y1 = new double[width];
      xx = new double[width];
      yy = new double[width];
      xy = new double[width];
    }

    /** Sums the rows of the windows that start in {@code row}. */
    void sumColumns(int row) {
      Arrays.fill(x1, 0);
      Arrays.fill(y1, 0);
      Arrays.fill(xx, 0);
      Arrays.fill(yy, 0);
      Arrays.fill(xy, 0);
      for (int h = row; h < row + window; h++) {
        long at = (long) h * width * FLOAT;
        for (int w = 0; w < width; w++) {
          double a = Lanes.get(x + at + (long) w * FLOAT);
          double b = Lanes.get(y + at + (long) w * FLOAT);
          x1[w] += a;
          y1[w] += b;
          xx[w] += a * a;
          yy[w] += b * b;
          xy[w] += a * b;
        }
      }
    }
  }

  /** The similarity of one window and what it is made of. */
  private static final class Window {
    double meanX;
    double meanY;
    double luminance;
    double luminanceNorm;
    double structure;
    double structureNorm;

    void set(Sample s, int w) {
      double n = (double) s.window * s.window;
      double unbiased = n / (n - 1);
      meanX = sum(s.x1, w, s.window) / n;
      meanY = sum(s.y1, w, s.window) / n;
      double varX = unbiased * (sum(s.xx, w, s.window) / n - meanX * meanX);
      double varY = unbiased * (sum(s.yy, w, s.window) / n - meanY * meanY);
      double cov = unbiased * (sum(s.xy, w, s.window) / n - meanX * meanY);
      luminance = 2 * meanX * meanY + s.c1;
      luminanceNorm = meanX * meanX + meanY * meanY + s.c1;
      structure = 2 * cov + s.c2;
      structureNorm = varX + varY + s.c2;
    }

    double similarity() {
      return luminance * structure / (luminanceNorm * structureNorm);
    }
  }

  private static double sum(double[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += values[i];
    }
    return sum;
  }

  private interface MapRow {
    void run(Sample sample, int n, int row);
  }

  /** Runs {@code body} for each row of the map, with the sums of its windows' columns. */
  private void mapRows(Ssim op, Array x, Array y, Array range, MapRow body) {
    int mapHeight = x.dim(1) - op.window() + 1;
    int strips = Split.tasks(mapHeight, ROWS);
    team.run(
        x.dim(0) * strips,
        (task, worker) -> {
          int n = task / strips;
          int first = task % strips * ROWS;
          Sample sample = new Sample(op, x, y, range, n);
          for (int row = first; row < Math.min(mapHeight, first + ROWS); row++) {
            sample.sumColumns(row);
            body.run(sample, n, row);
          }
        });
  }

  void ssim(Ssim op, Array x, Array y, Array range, Array map) {
    int mapHeight = map.dim(1);
    mapRows(
        op,
        x,
        y,
        range,
        (sample, n, row) -> {
          Window window = new Window();
          long at = ((long) n * mapHeight + row) * sample.mapWidth;
          for (int w = 0; w < sample.mapWidth; w++) {
            window.set(sample, w);
            map.set(at + w, window.similarity());
          }
        });
  }

  /**
   * Each window's derivative with respect to a pixel is {@code a + b·x + c·y}; summing a, b and c
   * over the windows that hold a pixel gives its gradient.
   */
  void grad(Ssim op, Array g, Array x, Array y, Array range, Array gx, long workspace) {
    int mapHeight = g.dim(1);
    long plane = DOUBLE * g.elements();
    mapRows(
        op,
        x,
        y,
        range,
        (sample, n, row) -> {
          Window window = new Window();
          long first = ((long) n * mapHeight + row) * sample.mapWidth;
          for (int w = 0; w < sample.mapWidth; w++) {
            window.set(sample, w);
            coefficients(sample, window, g.get(first + w), workspace, plane, first + w);
          }
        });
    int height = x.dim(1);
    int strips = Split.tasks(height, ROWS);
    team.run(
        x.dim(0) * strips,
        (task, worker) -> {
          int n = task / strips;
          int first = task % strips * ROWS;
          double[][] columns = new double[3][g.dim(2)];
          for (int h = first; h < Math.min(height, first + ROWS); h++) {
            gradRow(op.window(), x, y, gx, n, h, mapHeight, columns, workspace, plane);
          }
        });
  }

  private static void coefficients(
      Sample s, Window v, double g, long workspace, long plane, long index) {
    double n = (double) s.window * s.window;
    double unbiased = n / (n - 1);
    double norm = v.luminanceNorm * v.structureNorm;
    double similarity = v.similarity();
    // Derivatives with respect to the windows' means of x, x² and x·y.
    double dX =
        2 * v.meanY * (v.structure - unbiased * v.luminance) / norm
            - similarity * 2 * v.meanX * (1 / v.luminanceNorm - unbiased / v.structureNorm);
    double dXx = -similarity * unbiased / v.structureNorm;
    double dXy = 2 * unbiased * v.luminance / norm;
    long at = workspace + DOUBLE * index;
    Lanes.setDouble(at, g / n * dX);
    Lanes.setDouble(at + plane, g / n * 2 * dXx);
    Lanes.setDouble(at + 2 * plane, g / n * dXy);
  }

  private static void gradRow(
      int window,
      Array x,
      Array y,
      Array gx,
      int n,
      int h,
      int mapHeight,
      double[][] columns,
      long workspace,
      long plane) {
    int mapWidth = columns[0].length;
    for (int k = 0; k < 3; k++) {
      Arrays.fill(columns[k], 0);
      for (int row = Math.max(0, h - window + 1); row <= Math.min(h, mapHeight - 1); row++) {
        long at = workspace + k * plane + DOUBLE * ((long) n * mapHeight + row) * mapWidth;
        for (int w = 0; w < mapWidth; w++) {
          columns[k][w] += Lanes.getDouble(at + DOUBLE * w);
        }
      }
    }
    int width = x.dim(2);
    long first = ((long) n * x.dim(1) + h) * width;
    for (int w = 0; w < width; w++) {
      int from = Math.max(0, w - window + 1);
      int count = Math.min(w, mapWidth - 1) - from + 1;
      gx.set(
          first + w,
          sum(columns[0], from, count)
              + sum(columns[1], from, count) * x.get(first + w)
              + sum(columns[2], from, count) * y.get(first + w));
    }
  }
}
