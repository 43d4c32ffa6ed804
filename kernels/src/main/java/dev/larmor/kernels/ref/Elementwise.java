package dev.larmor.kernels.ref;

import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Axpy;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.LeakyRelu;
import dev.larmor.engine.op.SgdStep;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Uniform;

/** Ops that treat every element alike, and sums over all elements. */
final class Elementwise {
  private Elementwise() {}

  static void add(RefTensor a, RefTensor b, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i) + b.re(i), a.im(i) + b.im(i));
    }
  }

  static void sub(RefTensor a, RefTensor b, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i) - b.re(i), a.im(i) - b.im(i));
    }
  }

  static void mul(RefTensor a, RefTensor b, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i) * b.re(i) - a.im(i) * b.im(i), a.re(i) * b.im(i) + a.im(i) * b.re(i));
    }
  }

  static void mulConj(RefTensor a, RefTensor b, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, a.re(i) * b.re(i) + a.im(i) * b.im(i), a.im(i) * b.re(i) - a.re(i) * b.im(i));
    }
  }

  static void affine(Affine op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, op.scale() * x.re(i) + op.shift(), op.scale() * x.im(i));
    }
  }

  static void axpy(Axpy op, RefTensor y, RefTensor x) {
    for (long i = 0; i < y.elements(); i++) {
      y.add(i, op.alpha() * x.re(i), op.alpha() * x.im(i));
    }
  }

  static void scaleBy(RefTensor x, RefTensor s, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, s.re(0) * x.re(i), s.re(0) * x.im(i));
    }
  }

  static void copy(RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.copy(i, x, i);
    }
  }

  static void fill(Fill op, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, op.value(), 0);
    }
  }

  static void spread(RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.copy(i, x, 0);
    }
  }

  static void uniform(Uniform op, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, op.low() + (op.high() - op.low()) * op.stream().uniform(i));
    }
  }

  static void sum(RefTensor x, RefTensor y) {
    double sum = 0;
    for (long i = 0; i < x.elements(); i++) {
      sum += x.re(i);
    }
    y.set(0, sum);
  }

  static void dot(RefTensor a, RefTensor b, RefTensor y) {
    double sum = 0;
    for (long i = 0; i < a.elements(); i++) {
      sum += a.re(i) * b.re(i) + a.im(i) * b.im(i);
    }
    y.set(0, sum);
  }

  static void leakyRelu(LeakyRelu op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, x.re(i) >= 0 ? x.re(i) : op.slope() * x.re(i));
    }
  }

  static void leakyReluGrad(LeakyRelu.Grad op, RefTensor g, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      y.set(i, x.re(i) >= 0 ? g.re(i) : op.slope() * g.re(i));
    }
  }

  static void unary(Unary op, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double v = x.re(i);
      y.set(
          i,
          switch (op.function()) {
            case ABS -> Math.abs(v);
            case SQUARE -> v * v;
            case SQRT -> Math.sqrt(v);
            case RSQRT -> 1 / Math.sqrt(v);
            case EXP -> Math.exp(v);
            case LOG -> Math.log(v);
          });
    }
  }

  static void unaryGrad(Unary.Grad op, RefTensor g, RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double v = x.re(i);
      double derivative =
          switch (op.function()) {
            case ABS -> Math.signum(v);
            case SQUARE -> 2 * v;
            case SQRT -> 0.5 / Math.sqrt(v);
            case RSQRT -> -0.5 / (v * Math.sqrt(v));
            case EXP -> Math.exp(v);
            case LOG -> 1 / v;
          };
      y.set(i, g.re(i) * derivative);
    }
  }

  /** The four of each parameter: p, g, m, v. */
  static void adamStep(AdamStep op, RefTensor[] x) {
    for (int i = 0; i < x.length; i += 4) {
      adamStep(op, x[i], x[i + 1], x[i + 2], x[i + 3]);
    }
  }

  /** The real and imaginary part of a complex parameter are two parameters. */
  private static void adamStep(AdamStep op, RefTensor p, RefTensor g, RefTensor m, RefTensor v) {
    double decay = op.rate() * op.weightDecay();
    double debias1 = 1 - Math.pow(op.beta1(), (double) op.step());
    double debias2 = 1 - Math.pow(op.beta2(), (double) op.step());
    for (long i = 0; i < p.reals(); i++) {
      double value = op.decoupled() ? p.get(i) * (1 - decay) : p.get(i);
      double gradient = op.decoupled() ? g.get(i) : g.get(i) + op.weightDecay() * value;
      m.set(i, op.beta1() * m.get(i) + (1 - op.beta1()) * gradient);
      v.set(i, op.beta2() * v.get(i) + (1 - op.beta2()) * gradient * gradient);
      double scale = Math.sqrt(v.get(i)) / Math.sqrt(debias2) + op.eps();
      p.set(i, value - op.rate() / debias1 * m.get(i) / scale);
    }
  }

  /** The three of each parameter: p, g, v. */
  static void sgdStep(SgdStep op, RefTensor[] x) {
    for (int i = 0; i < x.length; i += 3) {
      sgdStep(op, x[i], x[i + 1], x[i + 2]);
    }
  }

  private static void sgdStep(SgdStep op, RefTensor p, RefTensor g, RefTensor v) {
    for (long i = 0; i < p.reals(); i++) {
      double gradient = g.get(i) + op.weightDecay() * p.get(i);
      v.set(i, op.momentum() * v.get(i) + gradient);
      double direction = op.nesterov() ? gradient + op.momentum() * v.get(i) : v.get(i);
      p.set(i, p.get(i) - op.rate() * direction);
    }
  }
}
