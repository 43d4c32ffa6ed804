package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;

/** An operand as kernels see it: where on the card its elements lie. */
record Array(TensorSpec spec, long address) {
  static Array of(Backend.Operand operand) {
    return new Array(operand.spec(), ((CudaBuffer) operand.buffer()).address);
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
}
