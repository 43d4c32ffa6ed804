package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** A real tensor of {@code spec} whose every element is the scalar input {@code F32[]}. */
public record Spread(TensorSpec spec) implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.scalar(this, "input", in.getFirst());
    Check.that(spec.dtype().isReal(), this, "output must be real: %s", spec);
    return List.of(spec);
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Sum().apply(r.upstream(0))};
  }
}
