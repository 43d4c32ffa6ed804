package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * {@code mask∘(k − reference)}. Inputs: k and reference {@code C64[coils, H, W]}, mask {@code
 * F32[W]}.
 */
public record MaskedResidual() implements Op, Op.Fused {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 3);
    Check.coils(this, "k-space", in.get(0));
    Check.same(this, in.get(0), in.get(1));
    MaskColumns.mask(this, in.get(0), in.get(2));
    return List.of(in.get(0));
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    return new Tensor[] {new MaskColumns().apply(new Sub().apply(in[0], in[1]), in[2])};
  }

  @Override
  public Reads reads() {
    return Reads.inputs(2);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = new MaskColumns().apply(r.upstream(0), r.input(2));
    return new Tensor[] {g, r.wants(1) ? Affine.scale(-1).apply(g) : null, null};
  }
}
