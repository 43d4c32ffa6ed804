package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Edge strength {@code sqrt(gx² + gy² + eps)} with Sobel's 3 × 3 kernels (gx = [[−1 0 1], [−2 0 2],
 * [−1 0 1]], gy its transpose) and zero padding 1. Input and output {@code F32[N, H, W]}.
 */
public record SobelMagnitude(double eps) implements Op {
  public SobelMagnitude {
    if (!(eps > 0)) {
      throw new IllegalArgumentException("eps must be positive, not " + eps);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.that(
        in.getFirst().dtype() == DType.F32 && in.getFirst().shape().rank() == 3,
        this,
        "input must be F32[N, H, W]: %s",
        in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad(eps).apply(r.upstream(0), r.input(0))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 16);
  }

  /** Gradient with respect to x. Inputs: g, x. */
  public record Grad(double eps) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.dtype(this, "input", in.get(1), DType.F32);
      Check.rank(this, "input", in.get(1), 3);
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(1));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 32);
    }
  }
}
