package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** Feature maps {@code F32[N, 2, H, W]} as complex images {@code C64[N, H, W]}. */
public record ChannelsToComplex() implements Op.View {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.that(
        x.dtype() == DType.F32 && x.shape().rank() == 4 && x.shape().dim(1) == 2,
        this,
        "input must be F32[N, 2, H, W]: %s",
        x);
    return List.of(TensorSpec.of(DType.C64, x.shape().dim(0), x.shape().dim(2), x.shape().dim(3)));
  }

  @Override
  public boolean aliases(TensorSpec input, boolean channelsLast) {
    return channelsLast;
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new ComplexToChannels().apply(r.upstream(0))};
  }
}
