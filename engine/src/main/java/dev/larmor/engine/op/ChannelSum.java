package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The sum over the positions of each sample and channel of a feature map; output {@code F32[N, C]}.
 */
public record ChannelSum() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.featureMap(this, in.getFirst());
    return List.of(Check.perChannel(in.getFirst()));
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor ones = new Fill(r.inputSpec(0), 1).on(r.upstream(0).device());
    return new Tensor[] {new ChannelScale().apply(ones, r.upstream(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, (double) in.getFirst().shape().positions());
  }
}
