package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.engine.op.Moments;
import dev.larmor.kernels.cpu.ChannelKernels.Coefficient;
import dev.larmor.kernels.cpu.ChannelKernels.Loops;

/**
 * Instance normalisation and the moments it rests on.
 *
 * <p>Each channel is centred on its first value before squares are summed, in double precision but
 * for four values at a time: so the variance is exact to single precision however far the mean is
 * from zero. A few samples at a time go through both passes, so that the second may find them in a
 * cache.
 */
final class InstanceNorm {
  private final Team team;

  InstanceNorm(Team team) {
    this.team = team;
  }

  /** Coefficients of the gradient of an affine map of normalised values. */
  private static final int AFFINE_GRAD = 5;

  /** Workspace of all ops here but the one below. */
  static long workspace(TensorSpec x) {
    return workspace(x, ChannelKernels.AFFINE);
  }

  static long affineGradWorkspace(TensorSpec x) {
    return workspace(x, AFFINE_GRAD);
  }

  /** Two sums for each part, and some coefficients for each sample, worked on at a time. */
  private static long workspace(TensorSpec x, int coefficients) {
    ChannelRows rows = ChannelRows.of(x);
    return ChannelKernels.sumBytes(rows)
        + coefficients * ChannelKernels.lineBytes(rows) * rows.group();
  }

  /** A pass over samples {@code from} to {@code to} of a tensor, the workspace being theirs. */
  private static final class Group {
    final Team team;
    final ChannelRows rows;
    final int coefficients;
    final long workspace;
    final int from;
    final int to;

    private Group(Team team, ChannelRows rows, int coefficients, long workspace, int from, int to) {
      this.team = team;
      this.rows = rows;
      this.coefficients = coefficients;
      this.workspace = workspace;
      this.from = from;
      this.to = to;
    }

    interface Body {
      void run(Group group);
    }

    static void each(Team team, ChannelRows rows, long workspace, Body body) {
      each(team, rows, ChannelKernels.AFFINE, workspace, body);
    }

    static void each(Team team, ChannelRows rows, int coefficients, long workspace, Body body) {
      for (int from = 0; from < rows.samples(); from += rows.group()) {
        int to = Math.min(rows.samples(), from + rows.group());
        body.run(new Group(team, rows, coefficients, workspace, from, to));
      }
    }

    private long sumBytes() {
      return DOUBLE * rows.period();
    }

    /** The two sums of a part, one after the other. */
    private long sums(int slot) {
      return workspace + slot * ChannelKernels.partBytes(rows);
    }

    /** The coefficients of a sample. */
    long lines(int sample) {
      return workspace
          + ChannelKernels.sumBytes(rows)
          + coefficients * ChannelKernels.lineBytes(rows) * (sample - from);
    }

    interface Sums {
      void add(int sample, long first, long count, long sums, long otherSums);
    }

    /** Adds up two sums for each part. */
    void sum(Sums part) {
      rows.run(
          team,
          from,
          to,
          false,
          (sample, slot, first, count) -> {
            long sums = sums(slot);
            Bytes.clear(sums, ChannelKernels.partBytes(rows));
            part.add(sample, first, count, sums, sums + sumBytes());
          });
    }

    /** A channel's sum over a sample; {@code which} is 0 or 1. */
    double total(int sample, int channel, int which) {
      long sums = sums((sample - from) * rows.parts()) + which * sumBytes();
      return ChannelKernels.fold(rows, sums, ChannelKernels.partBytes(rows), channel);
    }

    interface Sample {
      void run(int sample);
    }

    void samples(Sample body) {
      team.run(to - from, (i, worker) -> body.run(from + i));
    }

    /** Sums deviations from each channel's first value, which becomes the first coefficient. */
    void sumDeviations(Array x) {
      Loops loops = ChannelKernels.loops(x);
      samples(sample -> {
        long first = sample * rows.elements();
        Coefficient centre = (n, c) -> Element.get(x.dtype(), x.address(), first + c);
        ChannelKernels.lines(rows, sample, lines(sample), centre, centre, centre);
      });
      sum((sample, first, count, sums, squares) ->
          loops.moments(x.address(), first, count, rows.period(), lines(sample), sums, squares));
    }

    /** The mean, after {@link #sumDeviations}. */
    double mean(int sample, int channel) {
      return Lanes.get(lines(sample) + FLOAT * channel)
          + total(sample, channel, 0) / rows.positions();
    }

    /** The sum of squared deviations from the mean, after {@link #sumDeviations}. */
    double squares(int sample, int channel) {
      double sum = total(sample, channel, 0);
      return Math.max(0, total(sample, channel, 1) - sum * sum / rows.positions());
    }
  }

  void moments(Moments op, Array x, Array mean, Array variance, long workspace) {
    ChannelRows rows = ChannelRows.of(x.spec());
    long degrees = rows.positions() - op.correction();
    Group.each(
        team,
        rows,
        workspace,
        group -> {
          group.sumDeviations(x);
          group.samples(n -> {
            for (int c = 0; c < rows.channels(); c++) {
              long i = (long) n * rows.channels() + c;
              mean.set(i, group.mean(n, c));
              variance.set(i, group.squares(n, c) / degrees);
            }
          });
        });
  }

  /** {@code gMean/n + 2·gVar·(x − mean)/(n − correction)}. */
  void momentsGrad(
      Moments.Grad op,
      ChannelKernels channels,
      Array x,
      Array mean,
      Array gMean,
      Array gVariance,
      Array gx,
      long workspace) {
    ChannelRows rows = ChannelRows.of(x.spec());
    Coefficient gM = ChannelKernels.of(gMean);
    Coefficient gV = ChannelKernels.of(gVariance);
    long degrees = rows.positions() - op.correction();
    channels.affine(
        rows,
        x,
        gx,
        ChannelKernels.of(mean),
        (n, c) -> 2 * gV.at(n, c) / degrees,
        (n, c) -> gM.at(n, c) / rows.positions(),
        workspace);
  }

  private interface Means {
    void set(long i, double mean);
  }

  void forward(InstanceNormAct op, Array x, Array y, Array rstd, long workspace) {
    forward(
        op.eps(),
        op.slope(),
        x,
        ChannelKernels.ONE,
        ChannelKernels.ZERO,
        y,
        (i, mean) -> {},
        rstd,
        workspace);
  }

  /** Inputs x, gamma, beta; outputs y, mean, rstd. */
  void affineForward(InstanceNormAffineAct op, Array[] in, Array[] out, long workspace) {
    forward(
        op.eps(),
        op.slope(),
        in[0],
        ChannelKernels.ofChannel(in[1]),
        ChannelKernels.ofChannel(in[2]),
        out[0],
        out[1]::set,
        out[2],
        workspace);
  }

  private void forward(
      float eps,
      float slope,
      Array x,
      Coefficient gamma,
      Coefficient beta,
      Array y,
      Means means,
      Array rstd,
      long workspace) {
    ChannelRows rows = ChannelRows.of(x.spec());
    Loops loops = ChannelKernels.loops(x);
    Coefficient normal = ChannelKernels.of(rstd);
    Coefficient scale = (n, c) -> gamma.at(n, c) * normal.at(n, c);
    Group.each(
        team,
        rows,
        workspace,
        group -> {
          group.sumDeviations(x);
          group.samples(n -> {
            double[] mean = new double[rows.channels()];
            for (int c = 0; c < mean.length; c++) {
              long i = (long) n * mean.length + c;
              mean[c] = group.mean(n, c);
              means.set(i, mean[c]);
              double variance = group.squares(n, c) / rows.positions();
              rstd.set(i, 1 / Math.sqrt(variance + eps));
            }
            ChannelKernels.lines(
                rows,
                n,
                group.lines(n),
                (sample, c) -> mean[c],
                scale,
                // with what the mean loses when it is rounded to single precision
                (sample, c) -> beta.at(n, c) + ((float) mean[c] - mean[c]) * scale.at(n, c));
          });
          rows.run(
              team,
              group.from,
              group.to,
              true,
              (n, slot, first, count) ->
                  loops.affine(
                      x.address(),
                      y.address(),
                      first,
                      count,
                      rows.period(),
                      group.lines(n),
                      slope));
        });
  }

  /** {@code rstd·(g' − mean(g') − n·mean(g'·n))}. */
  void grad(InstanceNormAct.Grad op, Array g, Array y, Array rstd, Array gx, long workspace) {
    ChannelRows rows = ChannelRows.of(g.spec());
    Loops loops = ChannelKernels.loops(g);
    Coefficient scale = ChannelKernels.of(rstd);
    Group.each(
        team,
        rows,
        workspace,
        group -> {
          group.sum((sample, first, count, sums, dots) ->
              loops.normGradSums(
                  g.address(), y.address(), first, count, rows.period(), sums, dots, op.slope()));
          group.samples(sample ->
              ChannelKernels.lines(
                  rows,
                  sample,
                  group.lines(sample),
                  scale,
                  (n, c) -> -scale.at(n, c) * group.total(n, c, 1) / rows.positions(),
                  (n, c) -> -scale.at(n, c) * group.total(n, c, 0) / rows.positions()));
          rows.run(
              team,
              group.from,
              group.to,
              true,
              (n, slot, first, count) ->
                  loops.normGrad(
                      g.address(),
                      y.address(),
                      gx.address(),
                      first,
                      count,
                      rows.period(),
                      group.lines(n),
                      op.slope()));
        });
  }

  /**
   * Inputs g, x, mean, rstd, gamma, beta; outputs the gradients of x, gamma and beta. In terms of
   * what the loops sum, d = x − mean and g' = g through the activation, that of x is {@code
   * gamma·rstd·(g' − mean(g') − rstd²·d·mean(g'·d))}.
   */
  void affineGrad(InstanceNormAffineAct.Grad op, Array[] in, Array[] out, long workspace) {
    Array g = in[0];
    Array x = in[1];
    ChannelRows rows = ChannelRows.of(g.spec());
    Loops loops = ChannelKernels.loops(g);
    Coefficient centre = ChannelKernels.of(in[2]);
    Coefficient rstd = ChannelKernels.of(in[3]);
    Coefficient gamma = ChannelKernels.ofChannel(in[4]);
    Coefficient shift = ChannelKernels.ofChannel(in[5]);
    Coefficient scale = (n, c) -> gamma.at(n, c) * rstd.at(n, c);
    double[][] sums = new double[rows.samples()][rows.channels()];
    double[][] dots = new double[rows.samples()][rows.channels()];
    Group.each(
        team,
        rows,
        AFFINE_GRAD,
        workspace,
        group -> {
          group.samples(sample ->
              ChannelKernels.lines(rows, sample, group.lines(sample), centre, scale, shift));
          group.sum((sample, first, count, sum, dot) ->
              loops.affineGradSums(
                  g.address(),
                  x.address(),
                  first,
                  count,
                  rows.period(),
                  group.lines(sample),
                  sum,
                  op.slope()));
          group.samples(sample -> {
            for (int c = 0; c < rows.channels(); c++) {
              sums[sample][c] = group.total(sample, c, 0);
              dots[sample][c] = rstd.at(sample, c) * group.total(sample, c, 1);
            }
            ChannelKernels.lines(
                rows,
                sample,
                group.lines(sample) + ChannelKernels.AFFINE * ChannelKernels.lineBytes(rows),
                (n, c) -> -scale.at(n, c) * rstd.at(n, c) * dots[n][c] / rows.positions(),
                (n, c) -> -scale.at(n, c) * sums[n][c] / rows.positions());
          });
          rows.run(
              team,
              group.from,
              group.to,
              true,
              (n, slot, first, count) ->
                  loops.affineGrad(
                      g.address(),
                      x.address(),
                      out[0].address(),
                      first,
                      count,
                      rows.period(),
                      group.lines(n),
                      op.slope()));
        });
    setTotals(dots, out[1]);
    setTotals(sums, out[2]);
  }

  /** Sums over the samples. */
  private static void setTotals(double[][] perSample, Array y) {
    for (int c = 0; c < y.reals(); c++) {
      double total = 0;
      for (double[] sample : perSample) {
        total += sample[c];
      }
      y.set(c, total);
    }
  }
}
