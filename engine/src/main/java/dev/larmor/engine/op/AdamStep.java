package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * One step of Adam (Kingma and Ba 2015) in place. Inputs, all of one F32 spec: parameter p,
 * gradient g, first moment m, second moment v; p, m and v are updated.
 *
 * <p>Without {@code decoupled}, {@code weightDecay·p} is added to the gradient; with it p is first
 * multiplied by {@code 1 − rate·weightDecay} (Loshchilov and Hutter 2019). Then m = β1·m +
 * (1−β1)·g, v = β2·v + (1−β2)·g², and p −= rate/(1−β1^step) · m / (sqrt(v)/sqrt(1−β2^step) + eps).
 *
 * @param step counts from 1
 */
public record AdamStep(
    double rate,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    boolean decoupled,
    long step)
    implements Op.InPlace {
  public AdamStep {
    if (step < 1) {
      throw new IllegalArgumentException("step counts from 1, not " + step);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 4);
    Check.that(
        in.get(0).dtype() == DType.F32 || in.get(0).dtype() == DType.C64,
        this,
        "parameter must be F32 or C64: %s",
        in.get(0));
    for (TensorSpec other : in) {
      Check.same(this, in.get(0), other);
    }
    return List.of();
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return new Cost(12.0 * in.getFirst().shape().elements(), 7.0 * in.getFirst().bytes());
  }
}
