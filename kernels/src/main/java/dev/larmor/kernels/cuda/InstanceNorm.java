package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
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
    long mean = workspace + columns(x).sums() * MOMENTS;
    meanAndRstd(o.eps(), x, mean, rstd, workspace);
    columns(x)
        .startMap(
            kernels
                .start(FILE, "norm_act", x.dtype())
                .at(x)
                .at(mean)
                .at(rstd)
                .at(y)
                .number(o.slope()));
  }

  private void meanAndRstd(float eps, Array x, long mean, Array rstd, long workspace) {
    shareMoments(x, workspace);
    columns(x)
        .startRest(
            kernels
                .start(FILE, "mean_and_rstd", x.dtype())
                .at(workspace)
                .at(mean)
                .at(rstd)
                .number(eps),
            channels(x.spec()));
  }

  /** Inputs x, gamma, beta; outputs y, mean, rstd. */
  void affineForward(InstanceNormAffineAct o, Array[] in, Array[] out, long workspace) {
    Array x = in[0];
    meanAndRstd(o.eps(), x, out[1].address(), out[2], workspace);
    columns(x)
        .startMap(
            kernels
                .start(FILE, "norm_affine_act", x.dtype())
                .at(x)
                .at(out[1])
                .at(out[2])
                .at(in[1])
                .at(in[2])
                .at(out[0])
                .number(o.slope())
                .whole(x.dim(1)));
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
    means(g, means, workspace);
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

  /** The means of each channel, from the sums of the shares. */
  private void means(Array g, long means, long workspace) {
    columns(g)
        .startRest(
            kernels
                .start(FILE, "norm_grad_means", g.dtype())
                .at(workspace)
                .at(means)
                .number(g.shape().positions()),
            channels(g.spec()));
  }

  /** Inputs g, x, mean, rstd, gamma, beta; outputs the gradients of x, gamma and beta. */
  void affineGrad(InstanceNormAffineAct.Grad o, Array[] in, Array[] out, long workspace) {
    Array g = in[0];
    Columns v = columns(g);
    long means = workspace + v.sums() * PAIR;
    v.startSums(
        affineInputs("norm_affine_grad_sums", in).at(workspace).number(o.slope()).whole(g.dim(1)));
    means(g, means, workspace);
    kernels
        .start(FILE, "norm_affine_totals", g.dtype())
        .at(means)
        .at(out[1])
        .at(out[2])
        .number(g.shape().positions())
        .whole(g.dim(0))
        .whole(g.dim(1))
        .over(g.dim(1));
    v.startMap(
        affineInputs("norm_affine_grad", in)
            .at(means)
            .at(out[0])
            .number(o.slope())
            .whole(g.dim(1)));
  }

  private Launch affineInputs(String kernel, Array[] in) {
    Launch launch = kernels.start(FILE, kernel, in[0].dtype());
    for (Array input : in) {
      launch.at(input);
    }
    return launch;
  }
}
