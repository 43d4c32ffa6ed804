package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;

/** {@code coils.cu}. */
final class Coils {
  private static final String FILE = "coils";

  private final Kernels kernels;
  private final Fourier fourier;

  Coils(Kernels kernels, Fourier fourier) {
    this.kernels = kernels;
    this.fourier = fourier;
  }

  static long expandWorkspace(TensorSpec maps) {
    return 0;
  }

  static long imagesWorkspace(TensorSpec kspace) {
    return 0;
  }

  void rss(Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void rssGrad(Array g, Array x, Array rss, Array dx) {
    throw new UnsupportedOperationException();
  }

  void rssNormalize(Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void rssNormalizeGrad(Array g, Array x, Array dx) {
    throw new UnsupportedOperationException();
  }

  void expand(Array image, Array maps, Array kspace, long workspace) {
    throw new UnsupportedOperationException();
  }

  void reduce(Array kspace, Array maps, Array image, long workspace) {
    throw new UnsupportedOperationException();
  }

  void mapGrad(Array kspace, Array image, Array maps, long workspace) {
    throw new UnsupportedOperationException();
  }
}
