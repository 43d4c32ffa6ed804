package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** x · y, element by element, real or complex. */
public record Mul() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.floating(this, in.get(0));
    Check.same(this, in.get(0), in.get(1));
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
      r.wants(0) ? new Conj().apply(g, r.input(1)) : null,
      r.wants(1) ? new Conj().apply(g, r.input(0)) : null
    };
  }

  /** x · conj(y). */
  public record Conj() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.floating(this, in.get(0));
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(0));
    }
  }
}
