package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AvgPool;
import java.util.List;

/** Means over windows; {@code pooling.cu}. */
final class Pooling {
  private static final String FILE = "pooling";

  private final Kernels kernels;

  Pooling(Kernels kernels) {
    this.kernels = kernels;
  }

  void average(AvgPool o, Array x, Array y) {
    boolean pairs = pairs(o, x.spec());
    kernels
        .start(FILE, pairs ? "average_pairs" : "average_pool", x.dtype())
        .at(x)
        .at(y)
        .wholes(pool(o, x, y))
        .over(pairs ? x.elements() / width(x.spec()) : items(y));
  }

  void averageGrad(AvgPool o, Array g, Array dx) {
    boolean pairs = pairs(o, dx.spec());
    kernels
        .start(FILE, pairs ? "average_pairs_grad" : "average_pool_grad", g.dtype())
        .at(g)
        .at(dx)
        .wholes(pool(o, dx, g))
        .over(items(dx));
  }

  /** The common case of channels-first: windows two wide, rows of whole packs. */
  private boolean pairs(AvgPool o, TensorSpec x) {
    return !kernels.channelsLast()
        && o.window().getLast() == 2
        && x.shape().dim(-1) % width(x) == 0;
  }

  private static int width(TensorSpec x) {
    return 16 / x.dtype().bytes();
  }

  /** Pieces that a kernel takes, or more. */
  private long items(Array x) {
    boolean packs = !kernels.channelsLast() || x.dim(1) % width(x.spec()) == 0;
    return packs ? Elementwise.packs(x) : x.elements();
  }

  /** {@code Pool}. */
  private int[] pool(AvgPool o, Array x, Array y) {
    boolean last = kernels.channelsLast();
    int[] words = new int[11];
    words[0] = last ? x.dim(0) : Math.multiplyExact(x.dim(0), x.dim(1));
    words[1] = last ? x.dim(1) : 1;
    List<Integer> window = o.window();
    for (int axis = 0; axis < 3; axis++) {
      int missing = 3 - window.size();
      boolean there = axis >= missing;
      words[2 + axis] = there ? x.dim(axis - 3) : 1;
      words[5 + axis] = there ? y.dim(axis - 3) : 1;
      words[8 + axis] = there ? window.get(axis - missing) : 1;
    }
    return words;
  }
}
