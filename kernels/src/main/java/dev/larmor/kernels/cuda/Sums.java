package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;

/** Sums over whole tensors in a fixed order; {@code sums.cu}. */
final class Sums {
  private static final String FILE = "sums";

  /** Most blocks, so that one block can add up their sums. */
  private static final int MOST_SHARES = 1024;

  /** Least elements for a block. */
  private static final long LEAST = 16L * Launch.BLOCK;

  private final Kernels kernels;

  Sums(Kernels kernels) {
    this.kernels = kernels;
  }

  /** Elements that one block sums, from the count of all alone. */
  private static long share(long elements) {
    long share = Math.max(LEAST, Math.ceilDiv(elements, MOST_SHARES));
    return Math.ceilDiv(share, Launch.BLOCK) * Launch.BLOCK;
  }

  /** A double for each share. */
  static long workspace(TensorSpec x) {
    long reals = x.shape().elements() * (x.dtype().isComplex() ? 2 : 1);
    return Math.ceilDiv(reals, share(reals)) * Double.BYTES;
  }

  void sum(Array x, Array y, long workspace) {
    long n = x.reals();
    kernels
        .start(FILE, "sum_shares", x.dtype())
        .at(x)
        .at(workspace)
        .count(share(n))
        .count(n)
        .blocks(Math.ceilDiv(n, share(n)));
    finish(n, workspace, y);
  }

  void dot(Array x, Array other, Array y, long workspace) {
    long n = x.reals();
    kernels
        .start(FILE, "dot_shares", x.dtype())
        .at(x)
        .at(other)
        .at(workspace)
        .count(share(n))
        .count(n)
        .blocks(Math.ceilDiv(n, share(n)));
    finish(n, workspace, y);
  }

  private void finish(long n, long partial, Array y) {
    int shares = Math.toIntExact(Math.ceilDiv(n, share(n)));
    kernels.start(FILE, "sum_of_shares").at(partial).at(y).whole(shares).blocks(1);
  }
}
