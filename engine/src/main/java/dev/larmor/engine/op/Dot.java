package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** The real inner product {@code Σ Re(conj(x)·y)}, {@code F32[]}, summed in a fixed order. */
public record Dot() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.floating(this, in.get(0));
    Check.same(this, in.get(0), in.get(1));
    return List.of(TensorSpec.of(DType.F32));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new ScaleBy().apply(r.input(1), g) : null,
      r.wants(1) ? new ScaleBy().apply(r.input(0), g) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 2.0 * in.getFirst().shape().elements());
  }
}
