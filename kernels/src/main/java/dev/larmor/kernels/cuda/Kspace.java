package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code kspace.cu}. */
final class Kspace {
  private static final String FILE = "kspace";

  private final Kernels kernels;

  Kspace(Kernels kernels) {
    this.kernels = kernels;
  }

  void mask(Array k, Array mask, Array y) {
    throw new UnsupportedOperationException();
  }

  void residual(Array k, Array reference, Array mask, Array y) {
    throw new UnsupportedOperationException();
  }

  void softDataConsistency(
      Array k, Array reference, Array refinement, Array mask, Array w, Array y) {
    throw new UnsupportedOperationException();
  }

  void softGrad(Array g, Array mask, Array w, Array y) {
    throw new UnsupportedOperationException();
  }
}
