package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * {@code a·x + b} with a and b per sample and channel. Inputs: x feature map, a and b {@code F32[N,
 * C]}.
 */
public record ChannelAffine() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 3);
    TensorSpec x = in.get(0);
    Check.featureMap(this, x);
    Check.spec(this, "scale", in.get(1), Check.perChannel(x));
    Check.spec(this, "shift", in.get(2), Check.perChannel(x));
    return List.of(x);
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new ChannelScale().apply(g, r.input(1)) : null,
      r.wants(1) ? new ChannelDot().apply(g, r.input(0)) : null,
      r.wants(2) ? new ChannelSum().apply(g) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 2);
  }
}
