package dev.larmor.engine.op;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Means over non-overlapping windows, one extent per spatial axis; what does not fill a window is
 * left out.
 */
public record AvgPool(List<Integer> window) implements Op {
  public AvgPool {
    window = Check.axes("window", window, 1);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.featureMap(this, x);
    return List.of(x.as(pooled(this, x)));
  }

  private Shape pooled(Op op, TensorSpec x) {
    Check.that(
        window.size() == x.shape().spatialRank(), op, "window %s does not suit %s", window, x);
    long[] tail = new long[window.size()];
    for (int i = 0; i < tail.length; i++) {
      tail[i] = x.shape().dim(i + 2) / window.get(i);
      Check.that(tail[i] > 0, op, "window %s is larger than %s", window, x);
    }
    return Check.replaceTail(x.shape(), tail);
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad(this, r.inputSpec(0).shape()).apply(r.upstream(0))};
  }

  /** The adjoint: each gradient spread evenly over its window. */
  public record Grad(AvgPool pool, Shape inner) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 1);
      TensorSpec g = in.getFirst();
      Check.featureMap(this, g);
      Check.spec(this, "gradient", g, g.as(pool.pooled(this, g.as(inner))));
      return List.of(g.as(inner));
    }
  }
}
