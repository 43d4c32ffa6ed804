package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Moves rectangular blocks between tensors, without regard to what the elements are. */
final class Blocks {
  /** Bytes of a task. */
  private static final long PIECE = 1 << 18;

  private final Team team;

  Blocks(Team team) {
    this.team = team;
  }

  /** The extents of a tensor in memory order, outermost first. */
  static long[] memoryOrder(TensorSpec spec) {
    return spec.isFeatureMap() ? channelsLast(spec.shape().dims()) : spec.shape().dims();
  }

  /** A list over the axes of a feature map, in memory order; other lists as they are. */
  static long[] memoryOrder(TensorSpec spec, long[] perAxis) {
    return spec.isFeatureMap() ? channelsLast(perAxis) : perAxis;
  }

  private static long[] channelsLast(long[] perAxis) {
    long[] moved = new long[perAxis.length];
    moved[0] = perAxis[0];
    System.arraycopy(perAxis, 2, moved, 1, perAxis.length - 2);
    moved[moved.length - 1] = perAxis[1];
    return moved;
  }

  /** Copies bytes on the team. */
  void copy(long from, long to, long bytes) {
    Split.ranges(
        team, bytes, PIECE, (first, last) -> Bytes.copy(from + first, to + first, last - first));
  }

  private record Axis(long extent, long fromStride, long toStride) {}

  /**
   * Copies a block.
   *
   * @param fromOrigin where the block starts in {@code from}, logical axes
   * @param toOrigin where it starts in {@code to}
   * @param extents size of the block
   */
  void copy(Array from, long[] fromOrigin, Array to, long[] toOrigin, long[] extents) {
    long[] fromDims = memoryOrder(from.spec());
    long[] toDims = memoryOrder(to.spec());
    long[] size = memoryOrder(from.spec(), extents);
    long[] fromStart = memoryOrder(from.spec(), fromOrigin);
    long[] toStart = memoryOrder(from.spec(), toOrigin);

    // Innermost first: bytes of an element, then axes, joined where both sides are contiguous.
    long run = from.dtype().bytes();
    long fromStride = run;
    long toStride = run;
    long source = from.address();
    long target = to.address();
    List<Axis> axes = new ArrayList<>();
    for (int i = size.length - 1; i >= 0; i--) {
      source += fromStart[i] * fromStride;
      target += toStart[i] * toStride;
      Axis last = axes.isEmpty() ? null : axes.getLast();
      if (last == null && fromStride == run && toStride == run) {
        run *= size[i];
      } else if (last != null
          && fromStride == last.extent * last.fromStride
          && toStride == last.extent * last.toStride) {
        axes.set(axes.size() - 1, new Axis(last.extent * size[i], last.fromStride, last.toStride));
      } else if (size[i] > 1) {
        axes.add(new Axis(size[i], fromStride, toStride));
      }
      fromStride *= fromDims[i];
      toStride *= toDims[i];
    }
    if (axes.isEmpty()) {
      copy(source, target, run);
    } else {
      copyRows(source, target, run, axes);
    }
  }

  private void copyRows(long source, long target, long run, List<Axis> axes) {
    Axis inner = axes.getFirst();
    long rows = axes.stream().mapToLong(Axis::extent).reduce(1, Math::multiplyExact);
    long grain = Math.max(1, Split.GRAIN * FLOAT / run);
    Split.ranges(
        team,
        rows,
        grain,
        (first, last) -> {
          for (long row = first; row < last; ) {
            long start = row % inner.extent;
            long count = Math.min(inner.extent - start, last - row);
            long x = source + start * inner.fromStride;
            long y = target + start * inner.toStride;
            long outer = row / inner.extent;
            for (Axis axis : axes.subList(1, axes.size())) {
              x += outer % axis.extent * axis.fromStride;
              y += outer % axis.extent * axis.toStride;
              outer /= axis.extent;
            }
            Bytes.copyRows(x, inner.fromStride, y, inner.toStride, run, count);
            row += count;
          }
        });
  }
}
