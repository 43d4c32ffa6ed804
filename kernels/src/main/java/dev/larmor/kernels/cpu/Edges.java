package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;

import dev.larmor.engine.TensorSpec;

/** Sobel's edge strength of images {@code F32[N, H, W]} with zeros around them. */
final class Edges {
  private final Team team;

  Edges(Team team) {
    this.team = team;
  }

  /** Workspace of the gradient: the upstream gradients of gx and gy. */
  static long gradWorkspace(TensorSpec x) {
    return 2L * DOUBLE * x.shape().elements();
  }

  private interface Row {
    void run(Image image, int h);
  }

  private void rows(Array x, Row body) {
    int height = x.dim(1);
    int width = x.dim(2);
    Split.ranges(
        team,
        (long) x.dim(0) * height,
        Math.max(1, Split.GRAIN / 4 / width),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            int n = (int) (row / height);
            body.run(new Image(height, width, (long) n * height * width), (int) (row % height));
          }
        });
  }

  /** Indices of one image, its first pixel at {@code base}. */
  private record Image(int height, int width, long base) {
    boolean contains(int h, int w) {
      return h >= 0 && h < height && w >= 0 && w < width;
    }

    long at(int h, int w) {
      return base + (long) h * width + w;
    }
  }

  private interface Plane {
    double at(long i);
  }

  private static double pixel(Image image, Plane plane, int h, int w) {
    return image.contains(h, w) ? plane.at(image.at(h, w)) : 0;
  }

  /** Correlation with [[−1 0 1], [−2 0 2], [−1 0 1]]. */
  private static double alongW(Image image, Plane x, int h, int w) {
    return pixel(image, x, h - 1, w + 1)
        - pixel(image, x, h - 1, w - 1)
        + 2 * (pixel(image, x, h, w + 1) - pixel(image, x, h, w - 1))
        + pixel(image, x, h + 1, w + 1)
        - pixel(image, x, h + 1, w - 1);
  }

  /** Correlation with the transpose. */
  private static double alongH(Image image, Plane x, int h, int w) {
    return pixel(image, x, h + 1, w - 1)
        - pixel(image, x, h - 1, w - 1)
        + 2 * (pixel(image, x, h + 1, w) - pixel(image, x, h - 1, w))
        + pixel(image, x, h + 1, w + 1)
        - pixel(image, x, h - 1, w + 1);
  }

  void magnitude(double eps, Array x, Array y) {
    Plane values = x::get;
    rows(
        x,
        (image, h) -> {
          for (int w = 0; w < image.width; w++) {
            double gx = alongW(image, values, h, w);
            double gy = alongH(image, values, h, w);
            y.set(image.at(h, w), Math.sqrt(gx * gx + gy * gy + eps));
          }
        });
  }

  /** The adjoint of a correlation with an odd kernel is its negative. */
  void grad(double eps, Array g, Array x, Array gradient, long workspace) {
    Plane values = x::get;
    long second = DOUBLE * x.elements();
    rows(
        x,
        (image, h) -> {
          for (int w = 0; w < image.width; w++) {
            long i = image.at(h, w);
            double gx = alongW(image, values, h, w);
            double gy = alongH(image, values, h, w);
            double factor = g.get(i) / Math.sqrt(gx * gx + gy * gy + eps);
            Lanes.setDouble(workspace + DOUBLE * i, factor * gx);
            Lanes.setDouble(workspace + second + DOUBLE * i, factor * gy);
          }
        });
    Plane upstreamX = i -> Lanes.getDouble(workspace + DOUBLE * i);
    Plane upstreamY = i -> Lanes.getDouble(workspace + second + DOUBLE * i);
    rows(
        x,
        (image, h) -> {
          for (int w = 0; w < image.width; w++) {
            gradient.set(
                image.at(h, w), -alongW(image, upstreamX, h, w) - alongH(image, upstreamY, h, w));
          }
        });
  }
}
