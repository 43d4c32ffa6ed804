package dev.larmor.kernels.cpu;

import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Narrow;
import java.util.List;

/** Parts of tensors, and tensors from parts. */
final class Slices {
  /** Bytes that are put together from all parts before the next are. */
  private static final long TILE = 1 << 13;

  private final Team team;
  private final Blocks blocks;

  Slices(Team team) {
    this.team = team;
    blocks = new Blocks(team);
  }

  void narrow(Narrow op, Array x, Array y) {
    long[] origin = new long[y.shape().rank()];
    origin[op.axis()] = op.start();
    blocks.copy(x, origin, y, new long[origin.length], y.shape().dims());
  }

  void crop(Crop op, Array x, Array y) {
    long[] origin = new long[y.shape().rank()];
    int first = origin.length - op.offset().size();
    for (int i = first; i < origin.length; i++) {
      origin[i] = op.offset().get(i - first);
    }
    blocks.copy(x, origin, y, new long[origin.length], y.shape().dims());
  }

  void concat(Concat op, List<Array> parts, Array y) {
    long[] dims = Blocks.memoryOrder(y.spec());
    long[] axes = new long[dims.length];
    axes[op.axis()] = 1;
    axes = Blocks.memoryOrder(y.spec(), axes);
    long outer = 1;
    for (int i = 0; axes[i] == 0; i++) {
      outer *= dims[i];
    }
    if (outer == 1) {
      stack(parts, y);
    } else {
      interleave(parts, y, outer);
    }
  }

  /** One after the other. */
  private void stack(List<Array> parts, Array y) {
    long to = y.address();
    for (Array x : parts) {
      blocks.copy(x.address(), to, x.spec().bytes());
      to += x.spec().bytes();
    }
  }

  /** A run of each in turn, {@code rows} times; written from one end of memory to the other. */
  private void interleave(List<Array> parts, Array y, long rows) {
    long rowBytes = y.spec().bytes() / rows;
    long tile = Math.max(1, TILE / rowBytes);
    Split.ranges(
        team,
        rows,
        Math.max(1, Split.GRAIN * Lanes.FLOAT / rowBytes),
        (from, to) -> {
          for (long row = from; row < to; row += tile) {
            long count = Math.min(tile, to - row);
            long target = y.address() + row * rowBytes;
            for (Array x : parts) {
              long run = x.spec().bytes() / rows;
              Bytes.copyRows(x.address() + row * run, run, target, rowBytes, run, count);
              target += run;
            }
          }
        });
  }
}
