package dev.larmor.engine.op;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** Tensors of one dtype joined along {@code axis}; all other extents agree. */
public record Concat(int axis) implements Op {
  public Concat {
    if (axis < 0) {
      throw new IllegalArgumentException("axis must not be negative: " + axis);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.that(!in.isEmpty(), this, "takes at least one input");
    TensorSpec first = in.getFirst();
    Check.floating(this, first);
    Check.that(axis < first.shape().rank(), this, "axis %d is not one of %s", axis, first);
    long total = 0;
    for (TensorSpec x : in) {
      Check.that(
          x.shape().rank() == first.shape().rank()
              && x.equals(first.as(first.shape().with(axis, x.shape().dim(axis)))),
          this,
          "inputs must agree but for axis %d: %s",
          axis,
          in);
      total += x.shape().dim(axis);
    }
    return List.of(first.as(first.shape().with(axis, total)));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor[] grads = new Tensor[r.inputs()];
    int start = 0;
    for (int i = 0; i < grads.length; i++) {
      Shape shape = r.inputSpec(i).shape();
      if (r.wants(i)) {
        grads[i] = new Narrow(axis, start, shape.size(axis)).apply(r.upstream(0));
      }
      start += shape.size(axis);
    }
    return grads;
  }
}
