package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.Backend;
import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;

/** An operand as kernels see it: where its elements lie. */
record Array(TensorSpec spec, long address) {
  static Array of(Backend.Operand operand) {
    return new Array(operand.spec(), ((CpuBuffer) operand.buffer()).address());
  }

  DType dtype() {
    return spec.dtype();
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

  boolean isComplex() {
    return spec.dtype().isComplex();
  }

  /** Real numbers in memory: a complex element is two. */
  long reals() {
    return isComplex() ? 2 * elements() : elements();
  }

  boolean isBf16() {
    return spec.dtype() == DType.BF16;
  }

  /** The {@code i}-th float of an F32 or C64 tensor, in memory order. */
  float get(long i) {
    return Lanes.get(address + FLOAT * i);
  }

  /** Sets the {@code i}-th float of an F32 or C64 tensor, in memory order. */
  void set(long i, double value) {
    Lanes.set(address + FLOAT * i, (float) value);
  }
}
