package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Embed;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Pad;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Ops that move elements and compute nothing; {@code movement.cu}. */
final class Movement {
  private static final String FILE = "movement";

  private final Kernels kernels;

  Movement(Kernels kernels) {
    this.kernels = kernels;
  }

  private long[] strides(Array x) {
    return StridedCopy.strides(x.spec(), kernels.channelsLast());
  }

  /** Zeros for all axes of x but the last ones, which have {@code tail}. */
  private static long[] tail(Array x, List<Integer> tail) {
    long[] corner = new long[x.shape().rank()];
    for (int i = 0; i < tail.size(); i++) {
      corner[corner.length - tail.size() + i] = tail.get(i);
    }
    return corner;
  }

  private static long[] on(Array x, int axis, long start) {
    long[] corner = new long[x.shape().rank()];
    corner[axis] = start;
    return corner;
  }

  /** Moves {@code block}, a shape, from one corner in x to one in y. */
  private void block(Shape block, Array x, long[] fromCorner, Array y, long[] toCorner) {
    long[] from = strides(x);
    long[] to = strides(y);
    List<StridedCopy.Axis> axes = new ArrayList<>();
    long start = 0;
    long target = 0;
    for (int i = 0; i < from.length; i++) {
      long n = block.dim(i);
      axes.add(new StridedCopy.Axis(n, 0, n, to[i], from[i]));
      start += fromCorner[i] * from[i];
      target += toCorner[i] * to[i];
    }
    int bytes = x.dtype().bytes();
    StridedCopy.of(bytes, false, axes)
        .start(kernels, FILE, x.address() + start * bytes, y.address() + target * bytes);
  }

  /**
   * The axes of a padding, from {@code inner} to {@code padded}.
   *
   * @param parts into how many each element is split, a last axis
   */
  private List<StridedCopy.Axis> padding(Array inner, Array padded, long[] before, int parts) {
    long[] from = strides(inner);
    long[] to = strides(padded);
    List<StridedCopy.Axis> axes = new ArrayList<>();
    axes.add(new StridedCopy.Axis(parts, 0, parts, 1, 1));
    for (int i = 0; i < from.length; i++) {
      long n = padded.shape().dim(i);
      long kept = inner.shape().dim(i);
      axes.add(new StridedCopy.Axis(n, before[i], kept, parts * to[i], parts * from[i]));
    }
    return axes;
  }

  private void extend(Array x, Array y, long[] before, boolean reflects) {
    StridedCopy.of(x.dtype().bytes(), reflects, padding(x, y, before, 1))
        .start(kernels, FILE, x.address(), y.address());
  }

  void cast(Array x, Array y) {
    DType from = x.dtype();
    DType to = y.dtype();
    if (from == to) {
      StridedCopy.of(1, false, List.of(contiguous(x.spec().bytes())))
          .start(kernels, FILE, x.address(), y.address());
      return;
    }
    // Compiled for what is made, or for what is read where that is narrower.
    boolean widens = to == DType.F64 || (to == DType.F32 && from != DType.F64);
    String function =
        "cast_"
            + switch (widens ? to : from) {
              case F32 -> widens ? "to_float" : "from_float";
              case F64 -> widens ? "to_double" : "from_double";
              default -> "from_" + from.name().toLowerCase(Locale.ROOT);
            };
    kernels
        .start("elementwise", function, widens ? from : to)
        .at(x)
        .at(y)
        .count(x.elements())
        .over(Elementwise.packs(x.spec().bytes() > y.spec().bytes() ? x : y));
  }

  private static StridedCopy.Axis contiguous(long n) {
    return new StridedCopy.Axis(n, 0, n, 1, 1);
  }

  /** Complex images and feature maps of their two parts. */
  void complex(Array x, Array y) {
    Array complex = x.isComplex() ? x : y;
    long images = complex.dim(0);
    parts(images, complex.elements() / images, x.isComplex(), x.address(), y.address());
  }

  /**
   * Moves real and imaginary parts between complex numbers {@code [images][positions]} and planes
   * {@code [images][2][positions]}.
   *
   * @param splits whether {@code from} has the complex numbers
   */
  void parts(long images, long positions, boolean splits, long from, long to) {
    long[] planes = {2 * positions, positions, 1};
    long[] pairs = {2 * positions, 1, 2};
    long[] extents = {images, 2, positions};
    List<StridedCopy.Axis> axes = new ArrayList<>();
    for (int i = 0; i < extents.length; i++) {
      long target = splits ? planes[i] : pairs[i];
      long source = splits ? pairs[i] : planes[i];
      axes.add(new StridedCopy.Axis(extents[i], 0, extents[i], target, source));
    }
    StridedCopy.of(Float.BYTES, false, axes).start(kernels, FILE, from, to);
  }

  void concat(Concat o, Array[] x, Array y) {
    long start = 0;
    for (Array part : x) {
      block(part.shape(), part, on(part, o.axis(), 0), y, on(y, o.axis(), start));
      start += part.dim(o.axis());
    }
  }

  void crop(Crop o, Array x, Array y) {
    block(y.shape(), x, tail(x, o.offset()), y, tail(y, List.of()));
  }

  void embed(Embed o, Array x, Array y) {
    extend(x, y, on(x, o.axis(), o.start()), false);
  }

  void narrow(Narrow o, Array x, Array y) {
    block(y.shape(), x, on(x, o.axis(), o.start()), y, tail(y, List.of()));
  }

  void pad(Pad o, Array x, Array y) {
    extend(x, y, tail(x, o.before()), o.mode() == Pad.Mode.REFLECT);
  }

  void fold(Pad o, Array g, Array x) {
    if (o.mode() == Pad.Mode.ZERO) {
      block(x.shape(), g, tail(g, o.before()), x, tail(x, List.of()));
      return;
    }
    int parts = x.isComplex() ? 2 : 1;
    StridedCopy.of(x.dtype().bytes() / parts, true, padding(x, g, tail(x, o.before()), parts))
        .startFold(kernels, FILE, g, x);
  }

  /**
   * The row-major order of x's elements is y's; of two feature maps that are channels-last neither
   * has it in memory.
   */
  void reshape(Array x, Array y) {
    boolean both = kernels.channelsLast() && x.spec().isFeatureMap() && y.spec().isFeatureMap();
    Shape from = x.shape();
    Shape to = y.shape();
    if (both && (from.dim(1) != to.dim(1) || from.positions() != to.positions())) {
      kernels
          .start(FILE, "regroup_" + x.dtype().bytes())
          .at(x)
          .at(y)
          .count(x.elements())
          .count(from.dim(1))
          .count(from.positions())
          .count(to.dim(1))
          .count(to.positions())
          .over(x.elements());
    } else if (both) {
      block(from, x, tail(x, List.of()), new Array(x.spec(), y.address()), tail(x, List.of()));
    } else {
      layout(x, y);
    }
  }

  /** One side, or both, is row-major and has the other's shape as well as its own. */
  private void layout(Array x, Array y) {
    boolean given = kernels.channelsLast() && x.spec().isFeatureMap();
    Array shaped = given ? x : y;
    long[] featureMap = strides(shaped);
    long[] rowMajor = StridedCopy.strides(shaped.spec(), false);
    List<StridedCopy.Axis> axes = new ArrayList<>();
    for (int i = 0; i < featureMap.length; i++) {
      long n = shaped.shape().dim(i);
      long to = given ? rowMajor[i] : featureMap[i];
      long from = given ? featureMap[i] : rowMajor[i];
      axes.add(new StridedCopy.Axis(n, 0, n, to, from));
    }
    StridedCopy.of(x.dtype().bytes(), false, axes).start(kernels, FILE, x.address(), y.address());
  }
}
