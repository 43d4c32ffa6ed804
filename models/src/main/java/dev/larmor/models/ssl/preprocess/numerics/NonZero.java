package dev.larmor.models.ssl.preprocess.numerics;

import java.util.Arrays;
import java.util.List;

/** Where an image is not zero: most of a scan is air, and brain-extracted images are zero there. */
public final class NonZero {
  private NonZero() {}

  /**
   * The smallest box with every voxel that is not zero in some channel; all of an image of zeros.
   *
   * @param values {@code [channels, n0, n1, n2]}
   * @param shape n0, n1, n2
   */
  public static Box box(float[] values, int[] shape) {
    int[] low = shape.clone();
    int[] high = new int[3];
    int at = 0;
    while (at < values.length) {
      for (int i = 0; i < shape[0]; i++) {
        for (int j = 0; j < shape[1]; j++, at += shape[2]) {
          int first = 0;
          while (first < shape[2] && values[at + first] == 0) {
            first++;
          }
          if (first == shape[2]) {
            continue;
          }
          int end = shape[2];
          while (values[at + end - 1] == 0) {
            end--;
          }
          low[0] = Math.min(low[0], i);
          high[0] = Math.max(high[0], i + 1);
          low[1] = Math.min(low[1], j);
          high[1] = Math.max(high[1], j + 1);
          low[2] = Math.min(low[2], first);
          high[2] = Math.max(high[2], end);
        }
      }
    }
    if (high[0] == 0) {
      return Box.all(shape);
    }
    return new Box(
        List.of(
            new Box.Interval(low[0], high[0]),
            new Box.Interval(low[1], high[1]),
            new Box.Interval(low[2], high[2])));
  }

  /**
   * The voxels that are not zero in some channel, or that such voxels enclose: all but those that
   * zeros join with the volume's border, by faces.
   *
   * @param values {@code [channels, n0, n1, n2]}
   * @param shape n0, n1, n2
   * @return {@code [n0, n1, n2]}
   */
  public static boolean[] filled(float[] values, int[] shape) {
    int voxels = shape[0] * shape[1] * shape[2];
    boolean[] inside = new boolean[voxels];
    for (int at = 0; at < values.length; at++) {
      inside[at % voxels] |= values[at] != 0;
    }
    boolean[] outside = new Flood(inside, shape).run();
    for (int at = 0; at < voxels; at++) {
      inside[at] = !outside[at];
    }
    return inside;
  }

  /** Zeros reached from the border. */
  private static final class Flood {
    private final boolean[] wall;
    private final int[] shape;
    private final boolean[] wet;
    private int[] open = new int[1 << 10];
    private int count;

    Flood(boolean[] wall, int[] shape) {
      this.wall = wall;
      this.shape = shape;
      this.wet = new boolean[wall.length];
    }

    boolean[] run() {
      int at = 0;
      for (int i = 0; i < shape[0]; i++) {
        for (int j = 0; j < shape[1]; j++) {
          boolean edge = i == 0 || i == shape[0] - 1 || j == 0 || j == shape[1] - 1;
          for (int k = 0; k < shape[2]; k++, at++) {
            if (edge || k == 0 || k == shape[2] - 1) {
              reach(at);
            }
          }
        }
      }
      int row = shape[2];
      int plane = shape[1] * row;
      while (count > 0) {
        int here = open[--count];
        int k = here % row;
        int j = here / row % shape[1];
        int i = here / plane;
        reach(here, i, shape[0], plane);
        reach(here, j, shape[1], row);
        reach(here, k, shape[2], 1);
      }
      return wet;
    }

    private void reach(int here, int index, int extent, int stride) {
      if (index > 0) {
        reach(here - stride);
      }
      if (index < extent - 1) {
        reach(here + stride);
      }
    }

    private void reach(int at) {
      if (wall[at] || wet[at]) {
        return;
      }
      wet[at] = true;
      if (count == open.length) {
        open = Arrays.copyOf(open, 2 * count);
      }
      open[count++] = at;
    }
  }
}
