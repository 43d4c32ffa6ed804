package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * x + b along axis 1. Inputs: x {@code [N, C, …]} of rank 2 to 5, b {@code [C]} (F32, or C64 for
 * complex x).
 */
public record AddBias() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    TensorSpec x = in.get(0);
    Check.floating(this, x);
    Check.that(
        x.shape().rank() >= 2 && x.shape().rank() <= 5, this, "input must have rank 2 to 5: %s", x);
    DType bias = x.dtype().isComplex() ? x.dtype() : DType.F32;
    Check.spec(this, "bias", in.get(1), TensorSpec.of(bias, x.shape().dim(1)));
    return List.of(x);
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {g, r.wants(1) ? new ChannelTotal().apply(g) : null};
  }
}
