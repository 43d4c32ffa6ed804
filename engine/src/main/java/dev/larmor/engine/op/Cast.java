package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** The same real values in another dtype, rounded to nearest even; to the same dtype, a copy. */
public record Cast(DType to) implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.that(
        x.dtype() == to || (x.dtype().isReal() && to.isReal()),
        this,
        "can not cast %s to %s",
        x,
        to);
    return List.of(x.as(to));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Cast(r.inputSpec(0).dtype()).apply(r.upstream(0))};
  }
}
