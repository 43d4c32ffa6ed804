package dev.larmor.engine;

import java.util.Arrays;

/**
 * The extents of a dense tensor, outermost first. Zero dimensions is a scalar (one element).
 *
 * <p>Letters used everywhere: N batch, C channel or coil, D, H, W space. A tensor of rank 4 or 5 is
 * a feature map {@code [N, C, (D,) H, W]}.
 */
public final class Shape {
  /** The shape of a scalar. */
  public static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;

  private Shape(long[] dims) {
    this.dims = dims;
  }

  /**
   * A shape with the given extents.
   *
   * @throws IllegalArgumentException if an extent is not positive or the number of elements exceeds
   *     2^62
   */
  public static Shape of(long... dims) {
    long elements = 1;
    for (long d : dims) {
      if (d <= 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + ": every extent must be at least 1");
      }
      long high = Math.multiplyHigh(elements, d);
      elements *= d;
      if (high != 0 || elements < 0 || elements > 1L << 62) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + " has more than 2^62 elements");
      }
    }
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /** Number of axes. */
  public int rank() {
    return dims.length;
  }

  /** Extent of {@code axis}; negative axes count from the end. */
  public long dim(int axis) {
    return dims[axis < 0 ? axis + dims.length : axis];
  }

  /** Extent of {@code axis} as an {@code int}, for axes that kernels loop over. */
  public int size(int axis) {
    return Math.toIntExact(dim(axis));
  }

  /** Number of elements. */
  public long elements() {
    long n = 1;
    for (long d : dims) {
      n *= d;
    }
    return n;
  }

  /** Number of spatial positions of a feature map: the product of the axes after the second. */
  public long positions() {
    long n = 1;
    for (int i = 2; i < dims.length; i++) {
      n *= dims[i];
    }
    return n;
  }

  /** Number of spatial axes of a feature map: rank minus two. */
  public int spatialRank() {
    return dims.length - 2;
  }

  /** The extents, a fresh array. */
  public long[] dims() {
    return dims.clone();
  }

  /** This shape with {@code axis} set to {@code extent}. */
  public Shape with(int axis, long extent) {
    long[] copy = dims.clone();
    copy[axis < 0 ? axis + dims.length : axis] = extent;
    return of(copy);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims);
  }

  /** As {@code [1, 18, 320, 320]}. */
  @Override
  public String toString() {
    return Arrays.toString(dims);
  }
}
