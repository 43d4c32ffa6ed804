package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code optimizer.cu}. */
final class Optimizer {
  private static final String FILE = "optimizer";

  private final Kernels kernels;

  Optimizer(Kernels kernels) {
    this.kernels = kernels;
  }

  void adam(AdamStep o, Array[] tensors) {
    throw new UnsupportedOperationException();
  }
}
