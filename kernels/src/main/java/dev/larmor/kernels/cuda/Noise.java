package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code noise.cu}. */
final class Noise {
  private static final String FILE = "noise";

  private final Kernels kernels;

  Noise(Kernels kernels) {
    this.kernels = kernels;
  }

  void uniform(Uniform o, Array y) {
    throw new UnsupportedOperationException();
  }
}
