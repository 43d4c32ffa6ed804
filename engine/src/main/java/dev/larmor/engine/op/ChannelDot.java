package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * {@code Σ x·y} over the positions of each sample and channel. Inputs: two feature maps; output
 * {@code F32[N, C]}.
 */
public record ChannelDot() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.featureMap(this, in.get(0));
    Check.same(this, in.get(0), in.get(1));
    return List.of(Check.perChannel(in.get(0)));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new ChannelScale().apply(r.input(1), g) : null,
      r.wants(1) ? new ChannelScale().apply(r.input(0), g) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 2.0 * in.getFirst().shape().positions());
  }
}
