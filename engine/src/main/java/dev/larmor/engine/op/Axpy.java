package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/** {@code y += alpha·x} in place. Inputs: y, x. */
public record Axpy(double alpha) implements Op.InPlace {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.floating(this, in.get(0));
    Check.same(this, in.get(0), in.get(1));
    return List.of();
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return new Cost(2.0 * in.getFirst().shape().elements(), 3.0 * in.getFirst().bytes());
  }
}
