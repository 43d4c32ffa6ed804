package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code attention.cu}. */
final class Attention {
  private static final String FILE = "attention";

  private final Kernels kernels;

  Attention(Kernels kernels) {
    this.kernels = kernels;
  }

  void chunks(int chunks, Array q, Array k, Array v, Array y) {
    throw new UnsupportedOperationException();
  }

  void chunksGrad(int chunks, Array g, Array q, Array k, Array v, Array dq, Array dk, Array dv) {
    throw new UnsupportedOperationException();
  }
}
