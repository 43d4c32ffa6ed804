package dev.larmor.engine.op;

import dev.larmor.engine.Philox;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Sets whole channels to zero with probability {@code p} and scales the others by 1/(1 − p)
 * (Tompson et al. 2015). Channel c of sample n goes when the stream's number n·C + c is below p.
 * Being a value, the op repeats itself exactly when recomputed, and it is its own reverse rule.
 */
public record ChannelDropout(float p, Philox stream) implements Op {
  public ChannelDropout {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout probability must be in [0, 1), not " + p);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.featureMap(this, in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {apply(r.upstream(0))};
  }
}
