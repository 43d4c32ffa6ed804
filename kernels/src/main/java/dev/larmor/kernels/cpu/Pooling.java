package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.op.AvgPool;
import java.lang.invoke.MethodHandles;
import java.util.List;

/** Average pooling of channels-last feature maps, 2-D and 3-D, and its adjoint. */
final class Pooling {
  /** Loops over one line of output pixels, or of their gradients. */
  interface Loops {
    /**
     * y[p] = scale·Σ over the lines of the window and its {@code window} pixels on each.
     *
     * @param lines where the lines of the first window start, bytes from x
     */
    void averageRow(
        long x, long[] lines, int window, int channels, long y, int pixels, float scale);

    /** gx[p·window + w] = scale·g[p]. */
    void spreadRow(long g, int window, int channels, long gx, int pixels, float scale);
  }

  private static final Loops F32 = new PoolLoops();
  private static final Loops BF16 =
      Bf16Twin.of(MethodHandles.lookup(), PoolLoops.class, Loops.class);

  private final Team team;

  Pooling(Team team) {
    this.team = team;
  }

  /** A feature map as {@code [N, D, H, W, C]}; D is 1 in two dimensions. */
  private record Grid(Array array, int depth, int height, int width, int channels) {
    static Grid of(Array x) {
      int depth = x.shape().rank() == 5 ? x.dim(2) : 1;
      return new Grid(x, depth, x.dim(-2), x.dim(-1), x.dim(1));
    }

    long rowBytes() {
      return (long) width * channels * array.dtype().bytes();
    }

    long row(long n, long d, long h) {
      return array.address() + ((n * depth + d) * height + h) * rowBytes();
    }
  }

  void average(AvgPool op, Array x, Array y) {
    Grid in = Grid.of(x);
    Grid out = Grid.of(y);
    Loops loops = x.isBf16() ? BF16 : F32;
    List<Integer> window = op.window();
    int depth = window.size() == 3 ? window.getFirst() : 1;
    int height = window.get(window.size() - 2);
    int width = window.getLast();
    long[] lines = new long[depth * height];
    for (int i = 0; i < lines.length; i++) {
      lines[i] = ((long) (i / height) * in.height + i % height) * in.rowBytes();
    }
    float scale = 1f / (depth * height * width);
    Split.ranges(
        team,
        (long) x.dim(0) * out.depth * out.height,
        rowsPerTask(in),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            long h = row % out.height;
            long d = row / out.height % out.depth;
            long n = row / out.height / out.depth;
            loops.averageRow(
                in.row(n, d * depth, h * height),
                lines,
                width,
                in.channels,
                out.row(n, d, h),
                out.width,
                scale);
          }
        });
  }

  void averageGrad(AvgPool op, Array g, Array gx) {
    Grid in = Grid.of(g);
    Grid out = Grid.of(gx);
    Loops loops = g.isBf16() ? BF16 : F32;
    List<Integer> window = op.window();
    int depth = window.size() == 3 ? window.getFirst() : 1;
    int height = window.get(window.size() - 2);
    int width = window.getLast();
    float scale = 1f / (depth * height * width);
    long covered = (long) in.width * width * in.channels * g.dtype().bytes();
    Split.ranges(
        team,
        (long) g.dim(0) * out.depth * out.height,
        rowsPerTask(out),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            long h = row % out.height;
            long d = row / out.height % out.depth;
            long n = row / out.height / out.depth;
            long target = out.row(n, d, h);
            boolean inside = h / height < in.height && d / depth < in.depth;
            if (inside) {
              loops.spreadRow(
                  in.row(n, d / depth, h / height), width, in.channels, target, in.width, scale);
            }
            long done = inside ? covered : 0;
            Bytes.clear(target + done, out.rowBytes() - done);
          }
        });
  }

  private static long rowsPerTask(Grid larger) {
    return Math.max(1, Split.GRAIN * FLOAT / larger.rowBytes());
  }
}
