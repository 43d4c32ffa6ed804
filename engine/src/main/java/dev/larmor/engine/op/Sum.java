package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** The sum of all elements of a real tensor, {@code F32[]}, in a fixed order. */
public record Sum() implements Op {
  /** The mean of all elements. */
  public static Tensor mean(Tensor x) {
    return Affine.scale(1.0 / x.shape().elements()).apply(new Sum().apply(x));
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.real(this, in.getFirst());
    return List.of(TensorSpec.of(DType.F32));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Spread(r.inputSpec(0)).apply(r.upstream(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, (double) in.getFirst().shape().elements());
  }
}
