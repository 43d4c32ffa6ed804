package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.Moments;

/** Instance normalisation and the moments it rests on; {@code norm.cu}. */
final class InstanceNorm {
  private static final String FILE = "norm";

  /** Bytes of {@code Moments}: three floats. */
  private static final int MOMENTS = 12;

  /** Bytes of two sums. */
  private static final int PAIR = 8;

  private final Kernels kernels;

  InstanceNorm(Kernels kernels) {
    this.kernels = kernels;
  }

  private Columns columns(Array x) {
    return Columns.of(x.spec(), kernels.channelsLast());
  }

  private static long channels(TensorSpec x) {
    return x.shape().dim(0) * x.shape().dim(1);
  }

  /** Moments of each block's share; the mean of each channel. */
  static long workspace(TensorSpec x, boolean channelsLast) {
    return Columns.of(x, channelsLast).sums() * MOMENTS + channels(x) * Float.BYTES;
  }

  /** Two sums of each block's share; two means of each channel. */
  static long gradWorkspace(TensorSpec x, boolean channelsLast) {
    return (Columns.of(x, channelsLast).sums() + channels(x)) * PAIR;
  }

  void moments(Moments o, Array x, Array mean, Array variance, long workspace) {
    shareMoments(x, workspace);
    columns(x)
        .startRest(
            kernels
                .start(FILE, "mean_and_variance", x.dtype())
                .at(workspace)
                .at(mean)
                .at(variance)
                .whole(o.correction()),
            channels(x.spec()));
  }

  private void shareMoments(Array x, long workspace) {
    columns(x).startSums(kernels.start(FILE, "share_moments", x.dtype()).at(x).at(workspace));
  }

  void momentsGrad(Moments.Grad o, Array x, Array mean, Array gMean, Array gVariance, Array dx) {
    long positions = x.shape().positions();
    columns(x)
        .startMap(
            kernels
                .start(FILE, "moments_grad", x.dtype())
                .at(x)
                .at(mean)
                .at(gMean)
                .at(gVariance)
                .at(dx)
                .number(positions)
                .number(positions - o.correction()));
  }

  void forward(InstanceNormAct o, Array x, Array y, Array rstd, long workspace) {
    Columns v = columns(x);
    long mean = workspace + v.sums() * MOMENTS;
    shareMoments(x, workspace);
    v.startRest(
        kernels
            .start(FILE, "mean_and_rstd", x.dtype())
            .at(workspace)
            .at(mean)
            .at(rstd)
            .number(o.eps()),
        channels(x.spec()));
    v.startMap(
        kernels.start(FILE, "norm_act", x.dtype()).at(x).at(mean).at(rstd).at(y).number(o.slope()));
  }

  void grad(InstanceNormAct.Grad o, Array g, Array y, Array rstd, Array dx, long workspace) {
    Columns v = columns(g);
    long means = workspace + v.sums() * PAIR;
    v.startSums(
        kernels
            .start(FILE, "norm_grad_sums", g.dtype())
            .at(g)
            .at(y)
            .at(workspace)
            .number(o.slope()));
    v.startRest(
        kernels
            .start(FILE, "norm_grad_means", g.dtype())
            .at(workspace)
            .at(means)
            .number(g.shape().positions()),
        channels(g.spec()));
    v.startMap(
        kernels
            .start(FILE, "norm_grad", g.dtype())
            .at(g)
            .at(y)
            .at(rstd)
            .at(means)
            .at(dx)
            .number(o.slope()));
  }
}
