package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;

/** {@code norm.cu}. */
final class InstanceNorm {
  private static final String FILE = "norm";

  private final Kernels kernels;

  InstanceNorm(Kernels kernels) {
    this.kernels = kernels;
  }

  static long workspace(TensorSpec x) {
    return 0;
  }

  static long gradWorkspace(TensorSpec x) {
    return 0;
  }

  void forward(InstanceNormAct o, Array x, Array y, Array rstd, long workspace) {
    throw new UnsupportedOperationException();
  }

  void grad(InstanceNormAct.Grad o, Array g, Array y, Array rstd, Array dx, long workspace) {
    throw new UnsupportedOperationException();
  }

  void moments(Moments o, Array x, Array mean, Array variance, long workspace) {
    throw new UnsupportedOperationException();
  }

  void momentsGrad(Moments.Grad o, Array x, Array mean, Array gMean, Array gVariance, Array dx) {
    throw new UnsupportedOperationException();
  }
}
