package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code pooling.cu}. */
final class Pooling {
  private static final String FILE = "pooling";

  private final Kernels kernels;

  Pooling(Kernels kernels) {
    this.kernels = kernels;
  }

  void average(AvgPool o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void averageGrad(AvgPool o, Array g, Array x) {
    throw new UnsupportedOperationException();
  }
}
