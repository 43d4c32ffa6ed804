package dev.larmor.kernels.ref;

import dev.larmor.engine.op.ChannelDropout;
import dev.larmor.engine.op.InstanceNormAct;
import dev.larmor.engine.op.InstanceNormAffineAct;
import dev.larmor.engine.op.Moments;

/**
 * Ops with one number per channel, or per sample and channel. In row-major order the elements of
 * plane {@code nc = n·C + c} are {@code nc·P … nc·P + P − 1}, P the number of positions.
 */
final class Channelwise {
  private Channelwise() {}

  private static long planes(RefTensor x) {
    return x.shape().dim(0) * x.shape().dim(1);
  }

  static void addBias(RefTensor x, RefTensor b, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      long c = i / positions % x.shape().dim(1);
      y.set(i, x.re(i) + b.re(c), x.im(i) + b.im(c));
    }
  }

  static void channelTotal(RefTensor g, RefTensor y) {
    long positions = g.shape().positions();
    y.zero();
    for (long i = 0; i < g.elements(); i++) {
      y.add(i / positions % g.shape().dim(1), g.re(i), g.im(i));
    }
  }

  static void channelScale(RefTensor x, RefTensor a, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i / positions) * x.re(i));
    }
  }

  static void channelAffine(RefTensor x, RefTensor a, RefTensor b, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i / positions) * x.re(i) + b.re(i / positions));
    }
  }

  static void channelSum(RefTensor x, RefTensor y) {
    long positions = x.shape().positions();
    y.zero();
    for (long i = 0; i < x.elements(); i++) {
      y.add(i / positions, x.re(i), 0);
    }
  }

  static void channelDot(RefTensor a, RefTensor b, RefTensor y) {
    long positions = a.shape().positions();
    y.zero();
    for (long i = 0; i < a.elements(); i++) {
      y.add(i / positions, a.re(i) * b.re(i), 0);
    }
  }

  static void channelDropout(ChannelDropout op, RefTensor x, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      boolean dropped = op.stream().uniform(i / positions) < op.p();
      y.set(i, dropped ? 0 : x.re(i) / (1.0 - op.p()));
    }
  }

  private static double mean(RefTensor x, long plane) {
    long positions = x.shape().positions();
    double sum = 0;
    for (long i = plane * positions; i < (plane + 1) * positions; i++) {
      sum += x.re(i);
    }
    return sum / positions;
  }

  private static double variance(RefTensor x, long plane, double mean, int correction) {
    long positions = x.shape().positions();
    double sum = 0;
    for (long i = plane * positions; i < (plane + 1) * positions; i++) {
      sum += (x.re(i) - mean) * (x.re(i) - mean);
    }
    return sum / (positions - correction);
  }

  static void moments(Moments op, RefTensor x, RefTensor mean, RefTensor variance) {
    for (long nc = 0; nc < planes(x); nc++) {
      mean.set(nc, mean(x, nc));
      variance.set(nc, variance(x, nc, mean.re(nc), op.correction()));
    }
  }

  static void momentsGrad(
      Moments.Grad op, RefTensor x, RefTensor mean, RefTensor gMean, RefTensor gVar, RefTensor y) {
    long positions = x.shape().positions();
    for (long i = 0; i < y.elements(); i++) {
      long nc = i / positions;
      double centred = x.re(i) - mean.re(nc);
      y.set(
          i, gMean.re(nc) / positions + 2 * gVar.re(nc) * centred / (positions - op.correction()));
    }
  }

  static void instanceNormAct(InstanceNormAct op, RefTensor x, RefTensor y, RefTensor rstd) {
    long positions = x.shape().positions();
    for (long nc = 0; nc < planes(x); nc++) {
      double mean = mean(x, nc);
      rstd.set(nc, 1 / Math.sqrt(variance(x, nc, mean, 0) + op.eps()));
      for (long i = nc * positions; i < (nc + 1) * positions; i++) {
        double normal = (x.re(i) - mean) * rstd.re(nc);
        y.set(i, normal >= 0 ? normal : op.slope() * normal);
      }
    }
  }

  static void instanceNormActGrad(
      InstanceNormAct.Grad op, RefTensor g, RefTensor y, RefTensor rstd, RefTensor gx) {
    long positions = g.shape().positions();
    for (long nc = 0; nc < planes(g); nc++) {
      double meanG = 0;
      double meanGn = 0;
      for (long i = nc * positions; i < (nc + 1) * positions; i++) {
        double through = throughActivation(op, g, y, i);
        meanG += through / positions;
        meanGn += through * normal(op, y, i) / positions;
      }
      for (long i = nc * positions; i < (nc + 1) * positions; i++) {
        double through = throughActivation(op, g, y, i);
        gx.set(i, rstd.re(nc) * (through - meanG - normal(op, y, i) * meanGn));
      }
    }
  }

  private static double throughActivation(
      InstanceNormAct.Grad op, RefTensor g, RefTensor y, long i) {
    return y.re(i) >= 0 ? g.re(i) : op.slope() * g.re(i);
  }

  private static double normal(InstanceNormAct.Grad op, RefTensor y, long i) {
    return y.re(i) >= 0 ? y.re(i) : y.re(i) / op.slope();
  }

  /** Inputs x, gamma, beta; outputs y, mean, rstd. */
  static void instanceNormAffineAct(InstanceNormAffineAct op, RefTensor[] in, RefTensor[] out) {
    RefTensor x = in[0];
    long positions = x.shape().positions();
    for (long nc = 0; nc < planes(x); nc++) {
      double mean = mean(x, nc);
      double rstd = 1 / Math.sqrt(variance(x, nc, mean, 0) + op.eps());
      out[1].set(nc, mean);
      out[2].set(nc, rstd);
      long c = nc % x.dim(1);
      for (long i = nc * positions; i < (nc + 1) * positions; i++) {
        double line = in[1].re(c) * (x.re(i) - mean) * rstd + in[2].re(c);
        out[0].set(i, line >= 0 ? line : op.slope() * line);
      }
    }
  }

  /** Inputs g, x, mean, rstd, gamma, beta; outputs the gradients of x, gamma and beta. */
  static void instanceNormAffineActGrad(
      InstanceNormAffineAct.Grad op, RefTensor[] in, RefTensor[] out) {
    RefTensor g = in[0];
    RefTensor x = in[1];
    long positions = g.shape().positions();
    out[1].zero();
    out[2].zero();
    for (long nc = 0; nc < planes(g); nc++) {
      long c = nc % x.dim(1);
      double rstd = in[3].re(nc);
      double gamma = in[4].re(c);
      int length = Math.toIntExact(positions);
      double[] normal = new double[length];
      double[] through = new double[length];
      double sum = 0;
      double dot = 0;
      for (int p = 0; p < length; p++) {
        long i = nc * positions + p;
        normal[p] = (x.re(i) - in[2].re(nc)) * rstd;
        through[p] = gamma * normal[p] + in[5].re(c) >= 0 ? g.re(i) : op.slope() * g.re(i);
        sum += through[p];
        dot += through[p] * normal[p];
      }
      out[1].add(c, dot, 0);
      out[2].add(c, sum, 0);
      for (int p = 0; p < length; p++) {
        double centred = through[p] - sum / positions - normal[p] * dot / positions;
        out[0].set(nc * positions + p, gamma * rstd * centred);
      }
    }
  }
}
