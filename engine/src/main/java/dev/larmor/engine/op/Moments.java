package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Mean and variance over the positions of each sample and channel; the variance divides by {@code
 * positions − correction} (0: biased, 1: unbiased). Input: feature map; outputs: mean, variance,
 * both {@code F32[N, C]}.
 */
public record Moments(int correction) implements Op {
  public Moments {
    if (correction != 0 && correction != 1) {
      throw new IllegalArgumentException("correction must be 0 or 1, not " + correction);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.featureMap(this, x);
    Check.that(
        x.shape().positions() > correction, this, "the variance needs more positions: %s", x);
    return List.of(Check.perChannel(x), Check.perChannel(x));
  }

  @Override
  public Reads reads() {
    return new Reads(1, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {
      new Grad(correction).apply(r.input(0), r.output(0), r.upstream(0), r.upstream(1))
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 2.0 * in.getFirst().shape().positions());
  }

  /** {@code gMean/n + 2·gVar·(x − mean)/(n − correction)}. Inputs: x, mean, gMean, gVar. */
  public record Grad(int correction) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 4);
      TensorSpec x = in.get(0);
      Check.featureMap(this, x);
      for (TensorSpec stat : in.subList(1, 4)) {
        Check.spec(this, "statistic", stat, Check.perChannel(x));
      }
      return List.of(x);
    }
  }
}
