package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;

/**
 * The order of a tensor's elements in memory: {@code [samples][positions][channels]} for a feature
 * map, whose row-major order is {@code [samples][channels][positions]}; row-major for all others.
 */
record MemoryOrder(long samples, long positions, long channels) {
  static MemoryOrder of(TensorSpec spec) {
    return spec.isFeatureMap()
        ? new MemoryOrder(spec.shape().dim(0), spec.shape().positions(), spec.shape().dim(1))
        : new MemoryOrder(1, spec.shape().elements(), 1);
  }

  /** Whether memory order is row-major. */
  boolean isRowMajor() {
    return positions == 1 || channels == 1;
  }

  /** The index in memory of the element at a row-major index. */
  long index(long rowMajor) {
    if (channels == 1) {
      return rowMajor;
    }
    long p = rowMajor % positions;
    long plane = rowMajor / positions;
    return (plane / channels * positions + p) * channels + plane % channels;
  }

  /** The row-major index of the element at an index in memory. */
  long rowMajor(long index) {
    if (channels == 1) {
      return index;
    }
    long c = index % channels;
    long at = index / channels;
    return (at / positions * channels + c) * positions + at % positions;
  }
}
