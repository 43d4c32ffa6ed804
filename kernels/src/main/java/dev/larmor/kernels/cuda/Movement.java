package dev.larmor.kernels.cuda;

import dev.larmor.engine.op.*;

/** {@code movement.cu}. */
final class Movement {
  private static final String FILE = "movement";

  private final Kernels kernels;

  Movement(Kernels kernels) {
    this.kernels = kernels;
  }

  void cast(Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void complex(Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void concat(Concat o, Array[] x, Array y) {
    throw new UnsupportedOperationException();
  }

  void crop(Crop o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void embed(Embed o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void narrow(Narrow o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void pad(Pad o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void fold(Pad o, Array g, Array x) {
    throw new UnsupportedOperationException();
  }

  void reshape(Array x, Array y) {
    throw new UnsupportedOperationException();
  }
}
