package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;

/** {@code images.cu}. */
final class Images {
  private static final String FILE = "images";

  private final Kernels kernels;

  Images(Kernels kernels) {
    this.kernels = kernels;
  }

  static long maskWorkspace(TensorSpec x) {
    return 0;
  }

  static long sobelGradWorkspace(TensorSpec x) {
    return 0;
  }

  static long ssimGradWorkspace(TensorSpec x) {
    return 0;
  }

  void anatomicalMask(AnatomicalMask o, Array x, Array y, long workspace) {
    throw new UnsupportedOperationException();
  }

  void sobel(double eps, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void sobelGrad(double eps, Array g, Array x, Array dx, long workspace) {
    throw new UnsupportedOperationException();
  }

  void ssim(Ssim o, Array x, Array y, Array range, Array map) {
    throw new UnsupportedOperationException();
  }

  void ssimGrad(Ssim o, Array g, Array x, Array y, Array range, Array dx, long workspace) {
    throw new UnsupportedOperationException();
  }
}
