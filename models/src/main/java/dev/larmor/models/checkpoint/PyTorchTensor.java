package dev.larmor.models.checkpoint;

import java.util.Arrays;

/**
 * A tensor of a PyTorch file: a strided view of a storage, which other tensors may share.
 *
 * @param type its element type
 * @param storage the key of its storage
 * @param storageElements the storage's length in elements
 * @param offset the storage's element that is its first
 * @param shape its extents, slowest first; empty for a scalar
 * @param strides for each axis, how many elements of the storage lie between neighbours
 */
record PyTorchTensor(
    ElementType type,
    String storage,
    long storageElements,
    long offset,
    long[] shape,
    long[] strides) {
  /** Whether shape, strides and offset make sense and stay within the storage. */
  boolean isWithinItsStorage() {
    if (shape.length != strides.length || offset < 0) {
      return false;
    }
    try {
      type.bytes(shape);
      for (int axis = 0; axis < shape.length; axis++) {
        if (shape[axis] < 0 || strides[axis] < 0) {
          return false;
        }
      }
      return elements() == 0 || Math.addExact(offset, span()) <= storageElements;
    } catch (ArithmeticException e) {
      return false;
    }
  }

  /** How many elements it has. */
  long elements() {
    long elements = 1;
    for (long extent : shape) {
      elements = Math.multiplyExact(elements, extent);
    }
    return elements;
  }

  /** How many elements of the storage lie from its first to its last; 0 if it is empty. */
  long span() {
    if (elements() == 0) {
      return 0;
    }
    long span = 1;
    for (int axis = 0; axis < shape.length; axis++) {
      span = Math.addExact(span, Math.multiplyExact(shape[axis] - 1, strides[axis]));
    }
    return span;
  }

  /** Whether its elements lie one after the other, row-major. */
  boolean isContiguous() {
    long expected = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] != 1 && strides[axis] != expected) {
        return false;
      }
      expected *= shape[axis];
    }
    return true;
  }

  /** Type and shape as messages show them, {@code F32[32, 16, 3, 3]}. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
