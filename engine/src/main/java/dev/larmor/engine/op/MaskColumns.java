package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * k-space times a sampling mask along the phase-encode axis. Inputs: k {@code C64[coils, H, W]},
 * mask {@code F32[W]}.
 */
public record MaskColumns() implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.coils(this, "k-space", in.get(0));
    mask(this, in.get(0), in.get(1));
    return List.of(in.get(0));
  }

  static void mask(Op op, TensorSpec k, TensorSpec mask) {
    Check.that(
        mask.equals(TensorSpec.of(DType.F32, k.shape().dim(-1))),
        op,
        "mask must have one F32 per column: k-space %s, mask %s",
        k,
        mask);
  }

  @Override
  public Reads reads() {
    return Reads.inputs(1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {apply(r.upstream(0), r.input(1)), null};
  }
}
