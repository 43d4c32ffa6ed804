package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * A movement of elements with as few axes as will do: axes that follow each other in memory on both
 * sides are one, and elements that lie side by side on both sides are taken up to 16 bytes at a
 * time.
 */
final class StridedCopy {
  /** {@code AXES} in {@code movement.cu}. */
  private static final int MOST_AXES = 6;

  private static final int WORDS_OF_AXIS = 5;

  /** What kernels read and write at once. */
  private static final int MOST_BYTES = 16;

  /** Extents from here on are worth a transposition through shared memory. */
  private static final long TRANSPOSED = 8;

  /**
   * An axis: {@code extent} places are filled, of which {@code kept} from {@code before} on come
   * from the source and the others are zeros or reflections; strides in elements.
   */
  record Axis(long extent, long before, long kept, long to, long from) {
    boolean padded() {
      return kept != extent;
    }

    /** The same as an axis of elements {@code n} times as wide. */
    private Axis inner(int n) {
      return new Axis(extent / n, before / n, kept / n, to, from);
    }

    private Axis outer(int n) {
      return new Axis(extent, before, kept, to / n, from / n);
    }
  }

  private static final Axis ONE = new Axis(1, 0, 1, 0, 0);

  private final boolean reflects;
  private final int bytes;

  /** Innermost first, by the order of what is written. */
  private final List<Axis> axes;

  private StridedCopy(int bytes, boolean reflects, List<Axis> axes) {
    this.bytes = bytes;
    this.reflects = reflects;
    this.axes = axes;
    if (axes.size() > MOST_AXES) {
      throw new DeviceException(
          "moves elements on at most %d axes, not %d".formatted(MOST_AXES, axes.size()));
    }
  }

  /**
   * A movement on axes in any order.
   *
   * @param bytes of an element
   * @param reflects whether places beyond the source are its reflections, not zeros
   */
  static StridedCopy of(int bytes, boolean reflects, List<Axis> axes) {
    return new StridedCopy(bytes, reflects, merged(axes, reflects));
  }

  /** How far apart neighbours on each axis of a tensor lie, in elements. */
  static long[] strides(TensorSpec spec, boolean channelsLast) {
    Shape shape = spec.shape();
    boolean last = channelsLast && spec.isFeatureMap();
    long[] strides = new long[shape.rank()];
    long next = last ? shape.dim(1) : 1;
    for (int axis = strides.length - 1; axis >= 0; axis--) {
      boolean channels = last && axis == 1;
      strides[axis] = channels ? 1 : next;
      next *= channels ? 1 : shape.dim(axis);
    }
    return strides;
  }

  private static List<Axis> merged(List<Axis> all, boolean reflects) {
    List<Axis> merged = new ArrayList<>();
    for (Axis axis : all.stream().sorted(Comparator.comparingLong(Axis::to)).toList()) {
      Axis inner = merged.isEmpty() ? null : merged.getLast();
      if (inner != null
          && !inner.padded()
          && !(reflects && axis.padded())
          && axis.to == inner.extent * inner.to
          && axis.from == inner.extent * inner.from) {
        long n = inner.extent;
        Axis both = new Axis(axis.extent * n, axis.before * n, axis.kept * n, inner.to, inner.from);
        merged.set(merged.size() - 1, both);
      } else if (axis.extent > 1) {
        merged.add(axis);
      }
    }
    if (merged.isEmpty()) {
      merged.add(ONE);
    }
    return merged;
  }

  /** The same with elements as wide as extents, strides and addresses allow. */
  private StridedCopy widened(long from, long to) {
    Axis inner = axes.getFirst();
    if (inner.to > 1 || inner.from > 1 || (reflects && inner.padded())) {
      return this;
    }
    long all = from | to;
    all |= bytes * (inner.extent | inner.before | inner.kept);
    for (Axis axis : axes.subList(1, axes.size())) {
      all |= bytes * (axis.to | axis.from);
    }
    int n = (int) Math.max(1, Math.min(MOST_BYTES, Long.lowestOneBit(all)) / bytes);
    List<Axis> wide = new ArrayList<>(axes);
    wide.replaceAll(axis -> axis.outer(n));
    wide.set(0, inner.inner(n));
    return new StridedCopy(bytes * n, reflects, wide);
  }

  private long[] table(long rows) {
    long[] words = new long[MOST_AXES * WORDS_OF_AXIS + 3];
    for (int i = 0; i < MOST_AXES; i++) {
      Axis axis = i < axes.size() ? axes.get(i) : ONE;
      int at = i * WORDS_OF_AXIS;
      words[at] = axis.extent;
      words[at + 1] = axis.before;
      words[at + 2] = axis.kept;
      words[at + 3] = axis.to;
      words[at + 4] = axis.from;
    }
    int at = MOST_AXES * WORDS_OF_AXIS;
    words[at] = axes.size();
    words[at + 1] = rows;
    words[at + 2] = reflects ? 1 : 0;
    return words;
  }

  /** Moves from one address to another. */
  void start(Kernels kernels, String file, long from, long to) {
    if (transposes()) {
      transpose(kernels, file, from, to);
      return;
    }
    StridedCopy wide = widened(from, to);
    long rows = wide.axes.stream().skip(1).mapToLong(Axis::extent).reduce(1, Math::multiplyExact);
    Launch launch = kernels.start(file, "copy_" + wide.bytes).at(from).at(to);
    wide.rows(launch.table(wide.table(rows)), wide.axes.getFirst().extent, rows);
  }

  /**
   * Padding by reflection backwards: {@code g} has what the copy writes, {@code x} what it reads.
   */
  void startFold(Kernels kernels, String file, Array g, Array x) {
    long rows = axes.stream().skip(1).mapToLong(Axis::kept).reduce(1, Math::multiplyExact);
    Launch launch = kernels.start(file, "fold", g.dtype()).at(g).at(x);
    rows(launch.table(table(rows)), axes.getFirst().kept, rows);
  }

  /** Blocks as wide as rows are long, at most. */
  private void rows(Launch launch, long length, long rows) {
    int along = (int) Long.highestOneBit(Math.min(length, Launch.BLOCK));
    int down = Launch.BLOCK / along;
    launch.grid(
        Math.clamp(Math.ceilDiv(length, along), 1, Launch.MOST_BLOCKS),
        Math.clamp(Math.ceilDiv(rows, down), 1, Launch.MOST_ROWS),
        along,
        down);
  }

  /** Whether rows are contiguous on both sides, but not the same rows, and long. */
  private boolean transposes() {
    Axis inner = axes.getFirst();
    int other = contiguousInSource();
    return other > 0
        && inner.to == 1
        && inner.extent >= TRANSPOSED
        && axes.get(other).extent >= TRANSPOSED
        && axes.stream().noneMatch(Axis::padded);
  }

  private int contiguousInSource() {
    for (int i = 0; i < axes.size(); i++) {
      if (axes.get(i).from == 1) {
        return i;
      }
    }
    return -1;
  }

  private void transpose(Kernels kernels, String file, long from, long to) {
    List<Axis> order = new ArrayList<>(axes);
    Collections.rotate(order.subList(1, contiguousInSource() + 1), 1);
    StridedCopy ordered = new StridedCopy(bytes, false, order);
    long rows = order.stream().skip(2).mapToLong(Axis::extent).reduce(1, Math::multiplyExact);
    Launch launch = kernels.start(file, "transpose_" + bytes).at(from).at(to);
    int tile = 32;
    launch
        .table(ordered.table(rows))
        .grid(
            Math.ceilDiv(order.get(0).extent, tile) * Math.ceilDiv(order.get(1).extent, tile),
            Math.min(rows, Launch.MOST_ROWS),
            tile,
            Launch.BLOCK / tile);
  }
}
