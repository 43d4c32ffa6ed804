package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Class probabilities from logits: exp(x) over its sum along axis 1, for each sample, or each
 * position of each sample. Input: {@code F32[N, C]} or a feature map {@code F32[N, C, (D,) H, W]}.
 * A logit of −∞ has probability 0, unless all are −∞.
 */
public record Softmax() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.logits(this, in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.outputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad().apply(r.upstream(0), r.output(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 4);
  }

  /** {@code y·(g − Σ g·y)}, the sum along axis 1. Inputs: g, y. */
  public record Grad() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.logits(this, in.get(0));
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(0));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 4);
    }
  }
}
