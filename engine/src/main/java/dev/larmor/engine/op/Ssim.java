package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Structural similarity (Wang et al. 2004) with a uniform {@code window}², sample covariance
 * (factor n/(n−1)), at valid positions only. Inputs: x, y {@code F32[N, H, W]}, data range {@code
 * F32[N]}; output {@code F32[N, H−window+1, W−window+1]}. Gradients exist for x alone.
 */
public record Ssim(int window, double k1, double k2) implements Op {
  /** The window and constants of fastMRI's loss and of scikit-image: 7, 0.01, 0.03. */
  public static final Ssim STANDARD = new Ssim(7, 0.01, 0.03);

  public Ssim {
    if (window < 2 || !(k1 > 0) || !(k2 > 0)) {
      throw new IllegalArgumentException("SSIM window " + window + ", k1 " + k1 + ", k2 " + k2);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 3);
    return List.of(map(this, in.get(0), in.get(1), in.get(2)));
  }

  private TensorSpec map(Op op, TensorSpec x, TensorSpec y, TensorSpec range) {
    Check.that(
        x.dtype() == DType.F32 && x.shape().rank() == 3, op, "input must be F32[N, H, W]: %s", x);
    Check.same(op, x, y);
    Check.spec(op, "data range", range, TensorSpec.of(DType.F32, x.shape().dim(0)));
    long h = x.shape().dim(1) - window + 1;
    long w = x.shape().dim(2) - window + 1;
    Check.that(
        h > 0 && w > 0, op, "images are smaller than the %d x %d window: %s", window, window, x);
    return TensorSpec.of(DType.F32, x.shape().dim(0), h, w);
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1, 2);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {
      new Grad(this).apply(r.upstream(0), r.input(0), r.input(1), r.input(2)), null, null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 10.0 * window + 20);
  }

  /** Gradient with respect to x. Inputs: g (of the map), x, y, data range. */
  public record Grad(Ssim ssim) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 4);
      Check.spec(this, "gradient", in.get(0), ssim.map(this, in.get(1), in.get(2), in.get(3)));
      return List.of(in.get(1));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 16.0 * ssim.window + 40);
    }
  }
}
