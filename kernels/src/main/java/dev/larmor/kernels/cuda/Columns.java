package dev.larmor.kernels.cuda;

import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;

/**
 * A tensor as the kernels of channels see it, {@code Columns} in the prelude: samples of rows ×
 * columns real numbers, each column a channel; the parts of a complex channel are two. How the rows
 * are shared among blocks follows from these numbers alone, and so does the order of sums.
 *
 * @param pack elements that a thread reads at once
 * @param tile packs that a block reads side by side
 */
record Columns(long samples, long rows, int columns, int pack, int tile) {
  /** Least packs for a thread, where a sample has as many. */
  private static final int LEAST = 4;

  /** Blocks that sum, beyond which their shares grow: a few for each processor of a large card. */
  private static final int MOST_SUMS = 1024;

  private static final int MOST_BLOCKS = 1 << 16;

  /** Most samples side by side; blocks come round again for more. */
  private static final int MOST_GRID_Y = 1024;

  /** Columns that a block sums from the parts of others: few, so that many threads share them. */
  private static final int FEW = 4;

  /** A column for each sample and channel. */
  static Columns of(TensorSpec x, boolean channelsLast) {
    Shape s = x.shape();
    int reals = x.dtype().isComplex() ? 2 : 1;
    return channelsInRows(x, channelsLast)
        ? fit(s.dim(0), s.positions(), s.size(1) * reals, width(x))
        : fit(s.dim(0) * s.dim(1), s.positions(), reals, width(x));
  }

  /** A column for each channel where samples can be joined, otherwise as {@link #of}. */
  static Columns joined(TensorSpec x, boolean channelsLast) {
    Columns v = of(x, channelsLast);
    return channelsInRows(x, channelsLast) ? fit(1, v.samples * v.rows, v.columns, width(x)) : v;
  }

  private static boolean channelsInRows(TensorSpec x, boolean channelsLast) {
    return channelsLast && x.isFeatureMap() || x.shape().positions() == 1;
  }

  /** Real numbers in 16 bytes. */
  private static int width(TensorSpec x) {
    return 16 * (x.dtype().isComplex() ? 2 : 1) / x.dtype().bytes();
  }

  /** Packs where samples start on 16 bytes, and a block has room for a period if it has to. */
  private static Columns fit(long samples, long rows, int columns, int width) {
    Math.toIntExact(samples * columns); // kernels count columns so
    boolean wide =
        rows * columns % width == 0
            && (columns % width == 0 || period(columns, width) <= Launch.BLOCK);
    int pack = wide ? width : 1;
    return new Columns(samples, rows, columns, pack, Math.min(period(columns, pack), Launch.BLOCK));
  }

  private static int period(int columns, int pack) {
    int a = columns;
    int b = pack;
    while (b != 0) {
      int rest = a % b;
      a = b;
      b = rest;
    }
    return columns / a;
  }

  private int tiles() {
    return Math.ceilDiv(period(columns, pack), tile);
  }

  private long packs() {
    return rows * columns / pack;
  }

  /** Packs that the blocks of a tile go through while each of their threads takes one. */
  private long pass() {
    return (long) Launch.BLOCK / tile * period(columns, pack);
  }

  /** Packs of a sample that a block goes through. */
  private long share(int mostBlocks) {
    long most = Math.max(1, mostBlocks / (samples * tiles()));
    return Math.max(LEAST, Math.ceilDiv(Math.ceilDiv(packs(), pass()), most)) * pass();
  }

  /** Sums that all blocks make: {@code [share][sample][column]}. */
  long sums() {
    return Math.ceilDiv(packs(), share(MOST_SUMS)) * samples * columns;
  }

  /** Starts a kernel that sums columns; {@code this} is its last argument. */
  void startSums(Launch launch) {
    start(launch, share(MOST_SUMS));
  }

  /** Starts a kernel that sums what another left for {@code count} columns, to the end. */
  void startRest(Launch launch, long count) {
    int columns = Math.toIntExact(count);
    Columns rest = new Columns(1, sums() / count, columns, 1, Math.min(columns, FEW));
    rest.start(launch, Math.ceilDiv(rest.packs(), rest.pass()) * rest.pass());
  }

  /** Starts a kernel that changes elements. */
  void startMap(Launch launch) {
    start(launch, share(MOST_BLOCKS));
  }

  private void start(Launch launch, long share) {
    launch
        .table(samples, packs(), share, period(columns, pack), tile, columns, pack)
        .blocks(Math.ceilDiv(packs(), share) * tiles(), Math.min(samples, MOST_GRID_Y));
  }
}
