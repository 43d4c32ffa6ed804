package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The matrix product of a (or its transpose) and b (or its transpose), both rank 2 and F32, BF16 or
 * F16.
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Op {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    TensorSpec a = in.get(0);
    TensorSpec b = in.get(1);
    Check.that(
        a.dtype() == b.dtype()
            && a.dtype().isReal()
            && a.dtype() != DType.F64
            && a.shape().rank() == 2
            && b.shape().rank() == 2,
        this,
        "inputs must be two matrices, both F32, BF16 or F16: %s, %s",
        a,
        b);
    long inner = a.shape().dim(transposeA ? 0 : 1);
    Check.that(
        inner == b.shape().dim(transposeB ? 1 : 0),
        this,
        "inner extents differ: %s%s, %s%s",
        a,
        transposeA ? "ᵀ" : "",
        b,
        transposeB ? "ᵀ" : "");
    return List.of(
        TensorSpec.of(
            a.dtype(), a.shape().dim(transposeA ? 1 : 0), b.shape().dim(transposeB ? 0 : 1)));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    Tensor[] grads = new Tensor[2];
    if (r.wants(0)) {
      grads[0] =
          transposeA
              ? new MatMul(transposeB, true).apply(r.input(1), g)
              : new MatMul(false, !transposeB).apply(g, r.input(1));
    }
    if (r.wants(1)) {
      grads[1] =
          transposeB
              ? new MatMul(true, transposeA).apply(g, r.input(0))
              : new MatMul(!transposeA, false).apply(r.input(0), g);
    }
    return grads;
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 2.0 * in.getFirst().shape().dim(transposeA ? 0 : 1));
  }
}
