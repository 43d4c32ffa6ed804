package dev.larmor.engine;

import java.util.Objects;

/**
 * What a tensor is without its values: element type and shape. Prints as {@code F32[1, 18, 320,
 * 320]}.
 */
public record TensorSpec(DType dtype, Shape shape) {
  public TensorSpec {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
  }

  /** A spec of {@code dtype} with the given extents. */
  public static TensorSpec of(DType dtype, long... dims) {
    return new TensorSpec(dtype, Shape.of(dims));
  }

  /** Logical bytes: elements times the element's size. */
  public long bytes() {
    return Math.multiplyExact(shape.elements(), (long) dtype.bytes());
  }

  /** The same shape in another dtype. */
  public TensorSpec as(DType other) {
    return new TensorSpec(other, shape);
  }

  /** The same dtype in another shape. */
  public TensorSpec as(Shape other) {
    return new TensorSpec(dtype, other);
  }

  /**
   * Whether this is a feature map {@code [N, C, (D,) H, W]}, which a backend may keep
   * channels-last.
   */
  public boolean isFeatureMap() {
    return shape.rank() >= 4 && shape.rank() <= 5 && dtype.isFloating();
  }

  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
