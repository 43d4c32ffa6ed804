package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;

/** {@code channels.cu}. */
final class ChannelKernels {
  private static final String FILE = "channels";

  private final Kernels kernels;

  ChannelKernels(Kernels kernels) {
    this.kernels = kernels;
  }

  static long sumWorkspace(TensorSpec x) {
    return 0;
  }

  void addBias(Array x, Array b, Array y) {
    throw new UnsupportedOperationException();
  }

  void channelAffine(Array x, Array a, Array b, Array y) {
    throw new UnsupportedOperationException();
  }

  void channelDot(Array x, Array other, Array y, long workspace) {
    throw new UnsupportedOperationException();
  }

  void channelDropout(ChannelDropout o, Array x, Array y) {
    throw new UnsupportedOperationException();
  }

  void channelScale(Array x, Array a, Array y) {
    throw new UnsupportedOperationException();
  }

  void channelSum(Array x, Array y, long workspace) {
    throw new UnsupportedOperationException();
  }

  void channelTotal(Array x, Array y, long workspace) {
    throw new UnsupportedOperationException();
  }
}
