package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Instance normalisation (Ulyanov et al. 2016; no affine part, biased variance) followed by a leaky
 * ReLU, for 2-D and 3-D feature maps. {@code slope} 1 leaves the activation out. Outputs: y, and
 * 1/sqrt(variance + eps) as {@code F32[N, C]}.
 *
 * <p>The reverse rule reads only the outputs: a leaky ReLU with positive slope can be undone, and
 * the normalised value is all that the gradient needs. So the input – a convolution's result – need
 * not be kept.
 */
public record InstanceNormAct(float eps, float slope) implements Op, Op.Fused {
  public InstanceNormAct {
    if (!(eps > 0) || !(slope > 0)) {
      throw new IllegalArgumentException(
          "eps " + eps + " and slope " + slope + " must be positive");
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.featureMap(this, x);
    Check.severalPositions(this, x);
    return List.of(x, Check.perChannel(x));
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    Tensor[] moments = new Moments(0).applyAll(in[0]);
    Tensor rstd = new Unary(Unary.Function.RSQRT).apply(new Affine(1, eps).apply(moments[1]));
    Tensor shift = Affine.scale(-1).apply(new Mul().apply(moments[0], rstd));
    return new Tensor[] {
      new LeakyRelu(slope).apply(new ChannelAffine().apply(in[0], rstd, shift)), rstd
    };
  }

  @Override
  public Reads reads() {
    return Reads.outputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    if (r.upstreamOrNull(1) != null) {
      throw new OpException(this, "the second output has no gradient");
    }
    return new Tensor[] {new Grad(slope).apply(r.upstream(0), r.output(0), r.output(1))};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 6);
  }

  /**
   * {@code rstd·(g' − mean(g') − n·mean(g'·n))}, g' = g through the activation, n = y with the
   * activation undone. Inputs: g, y, rstd.
   */
  public record Grad(float slope) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 3);
      TensorSpec g = in.get(0);
      Check.featureMap(this, g);
      Check.same(this, g, in.get(1));
      Check.spec(this, "rstd", in.get(2), Check.perChannel(g));
      return List.of(g);
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 9);
    }
  }
}
