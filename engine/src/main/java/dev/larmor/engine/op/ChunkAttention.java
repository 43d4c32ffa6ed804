package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Attention among aliases (FI-VarNet's block attention, specification section 5): the width is cut
 * into {@code chunks} consecutive chunks, and the pixels at the same place of each chunk attend to
 * each other: softmax(q·kᵀ/sqrt(C))·v, a chunks × chunks attention for every place. Inputs: q, k, v
 * {@code F32[N, C, H, W]}, W a multiple of {@code chunks}.
 */
public record ChunkAttention(int chunks) implements Op {
  public ChunkAttention {
    if (chunks < 1) {
      throw new IllegalArgumentException("chunks must be at least 1, not " + chunks);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 3);
    check(this, in);
    return List.of(in.get(0));
  }

  private void check(Op op, List<TensorSpec> in) {
    TensorSpec q = in.get(0);
    Check.dtype(op, "input", q, DType.F32);
    Check.rank(op, "input", q, 4);
    Check.that(
        q.shape().dim(3) % chunks == 0, op, "width is not a multiple of %d chunks: %s", chunks, q);
    for (TensorSpec other : in) {
      Check.same(op, q, other);
    }
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1, 2);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Grad(this).applyAll(r.upstream(0), r.input(0), r.input(1), r.input(2));
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 4.0 * chunks);
  }

  /** Gradients of q, k and v; the attention is recomputed. Inputs: g, q, k, v. */
  public record Grad(ChunkAttention attention) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 4);
      attention.check(this, in);
      return List.of(in.get(1), in.get(2), in.get(3));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 4.0 * attention.chunks);
    }
  }
}
