package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AnatomicalMask;
import java.lang.foreign.ValueLayout;

/**
 * Erosion and dilation of binary images. n steps with a 3 × 3 neighbourhood are one with a box of
 * 2n + 1, which separates into rows and columns; a running count of the pixels that win makes the
 * cost independent of n.
 */
final class Morphology {
  private final Team team;

  Morphology(Team team) {
    this.team = team;
  }

  /** Workspace: two images of bytes for each sample. */
  static long workspace(TensorSpec x) {
    return 2 * x.shape().elements();
  }

  void anatomicalMask(AnatomicalMask op, Array x, Array y, long workspace) {
    int height = x.dim(1);
    int width = x.dim(2);
    long pixels = (long) height * width;
    team.run(
        x.dim(0),
        (n, worker) -> {
          long mask = workspace + 2L * n * pixels;
          long other = mask + pixels;
          for (long i = 0; i < pixels; i++) {
            set(mask + i, x.get(n * pixels + i) > op.threshold() ? 1 : 0);
          }
          for (int steps : AnatomicalMask.STEPS) {
            int winner = steps > 0 ? 1 : 0;
            int reach = Math.abs(steps);
            for (int h = 0; h < height; h++) {
              spread(mask + (long) h * width, other + (long) h * width, width, 1, reach, winner);
            }
            for (int w = 0; w < width; w++) {
              spread(other + w, mask + w, height, width, reach, winner);
            }
          }
          for (long i = 0; i < pixels; i++) {
            y.set(n * pixels + i, get(mask + i));
          }
        });
  }

  /** Along one line: the winner within {@code reach} pixels takes a pixel. */
  private static void spread(long from, long to, int count, long stride, int reach, int winner) {
    int winners = 0;
    for (int i = 0; i < Math.min(reach, count); i++) {
      winners += get(from + i * stride) == winner ? 1 : 0;
    }
    for (int i = 0; i < count; i++) {
      if (i + reach < count && get(from + (i + reach) * stride) == winner) {
        winners++;
      }
      set(to + i * stride, winners > 0 ? winner : 1 - winner);
      if (i >= reach && get(from + (i - reach) * stride) == winner) {
        winners--;
      }
    }
  }

  private static int get(long address) {
    return Lanes.MEMORY.get(ValueLayout.JAVA_BYTE, address);
  }

  private static void set(long address, int value) {
    Lanes.MEMORY.set(ValueLayout.JAVA_BYTE, address, (byte) value);
  }
}
