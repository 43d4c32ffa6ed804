package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Root sum of squares over coils (Roemer et al. 1990): {@code C64[coils, H, W]} to {@code F32[1, H,
 * W]}. Where it is 0 its gradient is 0.
 */
public record Rss() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.coils(this, "input", x);
    return List.of(magnitude(x));
  }

  private static TensorSpec magnitude(TensorSpec x) {
    return new TensorSpec(DType.F32, x.shape().with(0, 1));
  }

  @Override
  public Reads reads() {
    return new Reads(1, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad().apply(r.upstream(0), r.input(0), r.output(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 4.0 * in.getFirst().shape().dim(0));
  }

  /** {@code g·x/y}. Inputs: g, x, y = rss(x). */
  public record Grad() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 3);
      TensorSpec x = in.get(1);
      Check.coils(this, "input", x);
      Check.spec(this, "gradient", in.get(0), magnitude(x));
      Check.spec(this, "root sum of squares", in.get(2), magnitude(x));
      return List.of(x);
    }
  }
}
