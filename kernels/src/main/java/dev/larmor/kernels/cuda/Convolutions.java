package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.util.List;

/** Convolutions by the library. */
final class Convolutions implements AutoCloseable {
  private final Kernels kernels;
  private final DnnLibrary library;
  private final ChannelKernels channels;
  private final boolean rounds;

  Convolutions(Kernels kernels, DnnLibrary library, ChannelKernels channels, boolean rounds) {
    this.kernels = kernels;
    this.library = library;
    this.channels = channels;
    this.rounds = rounds;
  }

  static long workspace(
      Op op, List<TensorSpec> inputs, List<TensorSpec> outputs, boolean channelsLast) {
    return 0;
  }

  void run(Op op, Array[] x, Array y, long workspace) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
