package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** x where x ≥ 0, else slope · x (Maas et al. 2013). */
public record LeakyRelu(float slope) implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.real(this, in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad(slope).apply(r.upstream(0), r.input(0))};
  }

  /** g where x ≥ 0, else slope · g. Inputs: g, x. */
  public record Grad(float slope) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.real(this, in.get(0));
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(0));
    }
  }
}
