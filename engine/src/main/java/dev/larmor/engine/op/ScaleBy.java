package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * {@code s · x} with a scalar tensor {@code s}, {@code F32[]}, such as a learned weight. Inputs: x,
 * s.
 */
public record ScaleBy() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.floating(this, in.get(0));
    Check.scalar(this, "factor", in.get(1));
    return List.of(in.get(0));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new ScaleBy().apply(g, r.input(1)) : null,
      r.wants(1) ? new Dot().apply(g, r.input(0)) : null
    };
  }
}
