package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.SgdStep;
import jdk.incubator.vector.FloatVector;

/** Parameter updates. The two parts of a complex parameter are two parameters. */
final class Optimizer {
  private final Team team;

  Optimizer(Team team) {
    this.team = team;
  }

  /** The constants of one step, for all elements. */
  private record Constants(
      float keep,
      float decay,
      float beta1,
      float gain1,
      float beta2,
      float gain2,
      float rate,
      float debias,
      float eps) {
    static Constants of(AdamStep op) {
      double debias1 = 1 - Math.pow(op.beta1(), (double) op.step());
      double debias2 = 1 - Math.pow(op.beta2(), (double) op.step());
      return new Constants(
          (float) (op.decoupled() ? 1 - op.rate() * op.weightDecay() : 1),
          (float) (op.decoupled() ? 0 : op.weightDecay()),
          (float) op.beta1(),
          (float) (1 - op.beta1()),
          (float) op.beta2(),
          (float) (1 - op.beta2()),
          (float) (op.rate() / debias1),
          (float) Math.sqrt(debias2),
          (float) op.eps());
    }
  }

  /** One step for each four of {@code x}: p, g, m, v. */
  void adam(AdamStep op, Array[] x) {
    Constants constants = Constants.of(op);
    for (int i = 0; i < x.length; i += 4) {
      long p = x[i].address();
      long g = x[i + 1].address();
      long m = x[i + 2].address();
      long v = x[i + 3].address();
      Split.ranges(
          team, x[i].reals(), Split.GRAIN / 4, (from, to) -> adam(constants, p, g, m, v, from, to));
    }
  }

  private static void adam(Constants c, long p, long g, long m, long v, long from, long to) {
    for (long i = from * FLOAT; i < to * FLOAT; i += Lanes.BYTES) {
      FloatVector value = Lanes.load(p + i).mul(c.keep);
      FloatVector gradient = value.fma(Lanes.broadcast(c.decay), Lanes.load(g + i));
      FloatVector first = Lanes.load(m + i).mul(c.beta1).add(gradient.mul(c.gain1));
      FloatVector second = Lanes.load(v + i).mul(c.beta2).add(gradient.mul(gradient).mul(c.gain2));
      Lanes.store(first, m + i);
      Lanes.store(second, v + i);
      FloatVector scale = second.sqrt().div(c.debias).add(c.eps);
      Lanes.store(value.sub(first.mul(c.rate).div(scale)), p + i);
    }
  }

  /** One step for each three of {@code x}: p, g, v. */
  void sgd(SgdStep op, Array[] x) {
    for (int i = 0; i < x.length; i += 3) {
      long p = x[i].address();
      long g = x[i + 1].address();
      long v = x[i + 2].address();
      Split.ranges(team, x[i].reals(), Split.GRAIN / 4, (from, to) -> sgd(op, p, g, v, from, to));
    }
  }

  private static void sgd(SgdStep op, long p, long g, long v, long from, long to) {
    float rate = (float) op.rate();
    float momentum = (float) op.momentum();
    float decay = (float) op.weightDecay();
    for (long i = from * FLOAT; i < to * FLOAT; i += Lanes.BYTES) {
      FloatVector value = Lanes.load(p + i);
      FloatVector gradient = value.fma(Lanes.broadcast(decay), Lanes.load(g + i));
      FloatVector velocity = Lanes.load(v + i).mul(momentum).add(gradient);
      Lanes.store(velocity, v + i);
      FloatVector direction = op.nesterov() ? velocity.mul(momentum).add(gradient) : velocity;
      Lanes.store(value.sub(direction.mul(rate)), p + i);
    }
  }
}
