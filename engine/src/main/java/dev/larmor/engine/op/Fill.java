package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/** A tensor of {@code spec} with every element {@code value}; no inputs. */
public record Fill(TensorSpec spec, double value) implements Op.NotDifferentiable {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 0);
    return List.of(spec);
  }
}
