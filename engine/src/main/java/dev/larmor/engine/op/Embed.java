package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The adjoint of {@link Narrow}: the input placed at {@code start} of an axis of {@code total}
 * entries, else zeros.
 */
public record Embed(int axis, int start, int total) implements Op.NotDifferentiable {
  public Embed {
    if (axis < 0 || start < 0) {
      throw new IllegalArgumentException("embed on axis " + axis + " from " + start);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.floating(this, x);
    Check.that(
        axis < x.shape().rank() && start + x.shape().dim(axis) <= total,
        this,
        "%s does not fit from %d in %d entries of axis %d",
        x,
        start,
        total,
        axis);
    return List.of(x.as(x.shape().with(axis, total)));
  }
}
