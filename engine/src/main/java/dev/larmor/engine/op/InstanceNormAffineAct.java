package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Instance normalisation with a learned scale and shift of each channel, followed by a leaky ReLU,
 * for 2-D and 3-D feature maps: {@code y = leaky(gamma·(x − mean)·rstd + beta)}, biased variance,
 * {@code rstd = 1/sqrt(variance + eps)}. {@code slope} 1 leaves the activation out, 0 makes it a
 * ReLU. Inputs: x, gamma and beta {@code F32[C]}. Outputs: y, and mean and rstd as {@code F32[N,
 * C]}.
 *
 * <p>The reverse rule reads x and not y: where gamma is zero, y has forgotten x.
 */
public record InstanceNormAffineAct(float eps, float slope) implements Op, Op.Fused {
  public InstanceNormAffineAct {
    if (!(eps > 0) || !(slope >= 0)) {
      throw new IllegalArgumentException(
          "eps " + eps + " must be positive and slope " + slope + " not negative");
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 3);
    TensorSpec x = in.getFirst();
    Check.featureMap(this, x);
    Check.severalPositions(this, x);
    affine(this, x, in.get(1), in.get(2));
    return List.of(x, Check.perChannel(x), Check.perChannel(x));
  }

  private static void affine(Op op, TensorSpec x, TensorSpec gamma, TensorSpec beta) {
    TensorSpec expected = TensorSpec.of(DType.F32, x.shape().dim(1));
    Check.spec(op, "gamma", gamma, expected);
    Check.spec(op, "beta", beta, expected);
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    Tensor[] moments = new Moments(0).applyAll(in[0]);
    Tensor mean = moments[0];
    Tensor rstd = new Unary(Unary.Function.RSQRT).apply(new Affine(1, eps).apply(moments[1]));
    Tensor gamma = new AddBias().apply(Affine.scale(0).apply(mean), in[1]); // of each sample
    Tensor scale = new Mul().apply(gamma, rstd);
    Tensor centre = Affine.scale(-1).apply(new Mul().apply(mean, scale));
    Tensor line = new ChannelAffine().apply(in[0], scale, new AddBias().apply(centre, in[2]));
    return new Tensor[] {new LeakyRelu(slope).apply(line), mean, rstd};
  }

  @Override
  public Reads reads() {
    return new Reads(0b111, 0b110);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    if (r.upstreamOrNull(1) != null || r.upstreamOrNull(2) != null) {
      throw new OpException(this, "the mean and rstd have no gradient");
    }
    return new Grad(slope)
        .applyAll(r.upstream(0), r.input(0), r.output(1), r.output(2), r.input(1), r.input(2));
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 8);
  }

  /**
   * Gradients of x, gamma and beta. Inputs: g, x, mean, rstd, gamma, beta. With n = (x − mean)·rstd
   * and g' = g through the activation of gamma·n + beta they are {@code gamma·rstd·(g' − mean(g') −
   * n·mean(g'·n))}, {@code Σ g'·n} and {@code Σ g'}.
   */
  public record Grad(float slope) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 6);
      TensorSpec g = in.get(0);
      Check.featureMap(this, g);
      Check.same(this, g, in.get(1));
      Check.spec(this, "mean", in.get(2), Check.perChannel(g));
      Check.spec(this, "rstd", in.get(3), Check.perChannel(g));
      affine(this, g, in.get(4), in.get(5));
      return List.of(g, in.get(4), in.get(5));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 14);
    }
  }
}
