package dev.larmor.kernels.ref;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A tensor as the reference kernels see it: complex numbers at row-major indices. A real tensor's
 * numbers have imaginary part zero, and an imaginary part written to it is dropped.
 */
final class RefTensor implements Op.HostTensor {
  private final TensorSpec spec;
  private final MemorySegment segment;
  private final boolean complex;
  private final boolean floating;

  RefTensor(TensorSpec spec, MemorySegment segment) {
    this.spec = spec;
    this.segment = segment;
    this.complex = spec.dtype().isComplex();
    this.floating = spec.dtype().isFloating();
  }

  @Override
  public TensorSpec spec() {
    return spec;
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  Shape shape() {
    return spec.shape();
  }

  /** Extent of an axis; negative axes count from the end. */
  int dim(int axis) {
    return spec.shape().size(axis);
  }

  long elements() {
    return spec.shape().elements();
  }

  /** Number of real numbers: a complex element is two. */
  long reals() {
    return complex ? 2 * elements() : elements();
  }

  @Override
  public double get(long i) {
    if (floating) {
      return segment.getAtIndex(ValueLayout.JAVA_DOUBLE, i);
    }
    return spec.dtype() == DType.I32
        ? segment.getAtIndex(ValueLayout.JAVA_INT, i)
        : segment.get(ValueLayout.JAVA_BYTE, i) & 0xFF;
  }

  @Override
  public void set(long i, double value) {
    if (floating) {
      segment.setAtIndex(ValueLayout.JAVA_DOUBLE, i, value);
    } else if (spec.dtype() == DType.I32) {
      segment.setAtIndex(ValueLayout.JAVA_INT, i, (int) Math.rint(value));
    } else {
      long nearest = Math.clamp((long) Math.rint(value), 0, 255);
      segment.set(ValueLayout.JAVA_BYTE, i, (byte) nearest);
    }
  }

  /** Real part of element {@code i}. */
  double re(long i) {
    return get(complex ? 2 * i : i);
  }

  /** Imaginary part of element {@code i}. */
  double im(long i) {
    return complex ? get(2 * i + 1) : 0;
  }

  void set(long i, double re, double im) {
    if (complex) {
      set(2 * i, re);
      set(2 * i + 1, im);
    } else {
      set(i, re);
    }
  }

  void add(long i, double re, double im) {
    set(i, re(i) + re, im(i) + im);
  }

  /** Element {@code i} becomes element {@code j} of {@code from}. */
  void copy(long i, RefTensor from, long j) {
    set(i, from.re(j), from.im(j));
  }

  void zero() {
    for (long i = 0; i < reals(); i++) {
      set(i, 0);
    }
  }
}
