package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.ChannelDropout;

/**
 * Sums over the positions of channels, and elements changed by numbers of their channel; {@code
 * channels.cu}.
 */
final class ChannelKernels {
  private static final String FILE = "channels";

  private final Kernels kernels;

  ChannelKernels(Kernels kernels) {
    this.kernels = kernels;
  }

  private Columns columns(Array x) {
    return Columns.of(x.spec(), kernels.channelsLast());
  }

  /** The two parts of a complex bias are two biases. */
  void addBias(Array x, Array b, Array y) {
    int count = Math.toIntExact(b.reals());
    Columns.joined(x.spec(), kernels.channelsLast())
        .startMap(kernels.start(FILE, "add_bias", x.dtype()).at(x).at(b).at(y).whole(count));
  }

  void channelScale(Array x, Array a, Array y) {
    columns(x).startMap(kernels.start(FILE, "channel_scale", x.dtype()).at(x).at(a).at(y));
  }

  void channelAffine(Array x, Array a, Array b, Array y) {
    columns(x).startMap(kernels.start(FILE, "channel_affine", x.dtype()).at(x).at(a).at(b).at(y));
  }

  void channelDropout(ChannelDropout o, Array x, Array y) {
    columns(x)
        .startMap(
            kernels
                .start(FILE, "channel_dropout", x.dtype())
                .at(x)
                .at(y)
                .table(o.stream().key(), o.stream().high())
                .number(o.p())
                .number(1 / (1.0 - o.p())));
  }

  /** For ChannelSum and ChannelDot. */
  static long sumWorkspace(TensorSpec x, boolean channelsLast) {
    return workspace(Columns.of(x, channelsLast), x.shape().dim(0) * x.shape().dim(1));
  }

  static long totalWorkspace(TensorSpec x, boolean channelsLast) {
    int reals = x.dtype().isComplex() ? 2 : 1;
    return workspace(Columns.joined(x, channelsLast), reals * x.shape().dim(1));
  }

  /** None where each result is the work of one block. */
  private static long workspace(Columns v, long results) {
    return v.sums() == results ? 0 : v.sums() * Float.BYTES;
  }

  void channelSum(Array x, Array y, long workspace) {
    sum(kernels.start(FILE, "channel_sums", x.dtype()).at(x), columns(x), y, workspace);
  }

  void channelDot(Array x, Array other, Array y, long workspace) {
    sum(kernels.start(FILE, "channel_dots", x.dtype()).at(x).at(other), columns(x), y, workspace);
  }

  void channelTotal(Array x, Array y, long workspace) {
    Columns v = Columns.joined(x.spec(), kernels.channelsLast());
    sum(kernels.start(FILE, "channel_sums", x.dtype()).at(x), v, y, workspace);
  }

  private void sum(Launch launch, Columns v, Array y, long workspace) {
    if (v.sums() == y.reals()) {
      v.startSums(launch.at(y));
    } else {
      v.startSums(launch.at(workspace));
      v.startRest(kernels.start(FILE, "channel_sums", DType.F32).at(workspace).at(y), y.reals());
    }
  }
}
