package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** The {@code length} entries of {@code axis} from {@code start}. */
public record Narrow(int axis, int start, int length) implements Op {
  public Narrow {
    if (axis < 0 || start < 0 || length < 1) {
      throw new IllegalArgumentException(
          "narrow axis " + axis + " from " + start + " by " + length);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.floating(this, x);
    Check.that(
        axis < x.shape().rank() && (long) start + length <= x.shape().dim(axis),
        this,
        "there are no %d entries from %d on axis %d of %s",
        length,
        start,
        axis,
        x);
    return List.of(x.as(x.shape().with(axis, length)));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {
      new Embed(axis, start, r.inputSpec(0).shape().size(axis)).apply(r.upstream(0))
    };
  }
}
