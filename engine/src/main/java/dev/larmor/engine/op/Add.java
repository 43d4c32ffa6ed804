package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** x + y. */
public record Add() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.floating(this, in.get(0));
    Check.same(this, in.get(0), in.get(1));
    return List.of(in.get(0));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {g, g};
  }
}
