package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Complex images {@code C64[N, H, W]} as feature maps {@code F32[N, 2, H, W]}: real part, imaginary
 * part.
 */
public record ComplexToChannels() implements Op.View {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.that(
        x.dtype() == DType.C64 && x.shape().rank() == 3, this, "input must be C64[N, H, W]: %s", x);
    return List.of(
        TensorSpec.of(DType.F32, x.shape().dim(0), 2, x.shape().dim(1), x.shape().dim(2)));
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
    return new Tensor[] {new ChannelsToComplex().apply(r.upstream(0))};
  }
}
