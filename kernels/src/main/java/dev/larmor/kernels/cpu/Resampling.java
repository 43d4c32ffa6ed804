package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.op.Resample;

/**
 * Bilinear resampling of coil images {@code C64[coils, H, W]}. Places are computed in double: in
 * float, those far from the corner would be off by 1e-4 of a pixel.
 */
final class Resampling {
  private static final long COMPLEX = 2 * FLOAT;

  private final Team team;

  Resampling(Team team) {
    this.team = team;
  }

  void resample(Resample op, Array x, Array y) {
    int height = x.dim(1);
    int width = x.dim(2);
    Split.ranges(
        team,
        (long) x.dim(0) * height,
        Math.max(1, Split.GRAIN / 16 / width),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            int h = (int) (row % height);
            long image = x.address() + COMPLEX * (row - h) * width;
            row(op, image, height, width, h, y.address() + COMPLEX * row * width);
          }
        });
  }

  private static void row(Resample op, long image, int height, int width, int h, long to) {
    double bottom = height - 1;
    double last = width - 1;
    for (int w = 0; w < width; w++) {
      double row = Math.min(Math.max(op.row().at(h, w), 0), bottom);
      double column = Math.min(Math.max(op.column().at(h, w), 0), last);
      int top = (int) row;
      int left = (int) column;
      float down = (float) (row - top);
      float right = (float) (column - left);
      long above = image + COMPLEX * ((long) top * width + left);
      long below = top + 1 < height ? above + COMPLEX * width : above;
      long next = left + 1 < width ? COMPLEX : 0;
      long pixel = to + COMPLEX * w;
      Lanes.set(pixel, between(above, below, next, right, down));
      Lanes.set(pixel + FLOAT, between(above + FLOAT, below + FLOAT, next, right, down));
    }
  }

  /** Between two floats and the two a row below, each with its neighbour {@code next} bytes on. */
  private static float between(long above, long below, long next, float right, float down) {
    float upper = between(Lanes.get(above), Lanes.get(above + next), right);
    float lower = between(Lanes.get(below), Lanes.get(below + next), right);
    return between(upper, lower, down);
  }

  private static float between(float a, float b, float part) {
    return (1 - part) * a + part * b;
  }
}
