package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The k-space update of a variational network (Sriram et al., "End-to-End Variational Networks",
 * 2020, eq. 8): {@code k − w·mask∘(k − reference) − refinement}. Inputs: k, reference, refinement
 * {@code C64[coils, H, W]}, mask {@code F32[W]}, w {@code F32[]}.
 */
public record SoftDataConsistency() implements Op, Op.Fused {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 5);
    Check.coils(this, "k-space", in.get(0));
    Check.same(this, in.get(0), in.get(1));
    Check.same(this, in.get(0), in.get(2));
    MaskColumns.mask(this, in.get(0), in.get(3));
    Check.scalar(this, "weight", in.get(4));
    return List.of(in.get(0));
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    Tensor residual = new MaskedResidual().apply(in[0], in[1], in[3]);
    Tensor soft = new Sub().apply(in[0], new ScaleBy().apply(residual, in[4]));
    return new Tensor[] {new Sub().apply(soft, in[2])};
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1, 3, 4);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    Tensor mask = r.input(3);
    Tensor w = r.input(4);
    Tensor[] grads = new Tensor[5];
    if (r.wants(0)) {
      grads[0] = new KspaceGrad().apply(g, mask, w);
    }
    if (r.wants(1)) {
      grads[1] = new ScaleBy().apply(new MaskColumns().apply(g, mask), w);
    }
    if (r.wants(2)) {
      grads[2] = Affine.scale(-1).apply(g);
    }
    if (r.wants(4)) {
      Tensor residual = new MaskedResidual().apply(r.input(0), r.input(1), mask);
      grads[4] = Affine.scale(-1).apply(new Dot().apply(g, residual));
    }
    return grads;
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 8);
  }

  /** {@code (1 − w·mask)∘g}. Inputs: g, mask, w. */
  public record KspaceGrad() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 3);
      Check.coils(this, "gradient", in.get(0));
      MaskColumns.mask(this, in.get(0), in.get(1));
      Check.scalar(this, "weight", in.get(2));
      return List.of(in.get(0));
    }
  }
}
