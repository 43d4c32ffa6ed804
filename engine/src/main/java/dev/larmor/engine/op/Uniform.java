package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * An F32 tensor of random numbers uniform in [low, high): element i (row-major) is {@code low +
 * (high − low)·u}, u the stream's i-th {@link Philox#uniform}, computed in float.
 */
public record Uniform(Philox stream, Shape shape, float low, float high)
    implements Op.NotDifferentiable {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 0);
    Check.that(low <= high, this, "low %s must not exceed high %s", low, high);
    return List.of(new TensorSpec(DType.F32, shape));
  }
}
