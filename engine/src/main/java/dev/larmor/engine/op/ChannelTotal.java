package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The sum over everything but axis 1, rank 2 to 5: the gradient of a bias. Output has one element
 * per channel.
 */
public record ChannelTotal() implements Op.NotDifferentiable {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec g = in.getFirst();
    Check.floating(this, g);
    Check.that(
        g.shape().rank() >= 2 && g.shape().rank() <= 5, this, "input must have rank 2 to 5: %s", g);
    DType sum = g.dtype().isComplex() ? g.dtype() : DType.F32;
    return List.of(TensorSpec.of(sum, g.shape().dim(1)));
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(
        in, out, (double) in.getFirst().shape().elements() / in.getFirst().shape().dim(1));
  }
}
