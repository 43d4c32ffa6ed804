package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Sensitivity maps of unit length: {@code x / rss(x)} over coils, {@code C64[coils, H, W]}; 0 where
 * the root sum of squares is 0.
 */
public record RssNormalize() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.coils(this, "input", in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad().apply(r.upstream(0), r.input(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 6);
  }

  /** {@code (g − y·Σ_c Re(conj(y_c)·g_c)) / rss(x)}, y = x / rss(x). Inputs: g, x. */
  public record Grad() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.coils(this, "input", in.get(1));
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(1));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 16);
    }
  }
}
