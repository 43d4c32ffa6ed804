package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Coil k-space to one image: {@code x = Σ_c conj(S_c)·ifft2c(k_c)} (Sriram et al. 2020, eq. 5).
 * Inputs: k-space and sensitivity maps {@code C64[coils, H, W]}; output {@code C64[1, H, W]}. The
 * adjoint of {@link SensExpand}; the reverse rules recompute the coil images instead of keeping
 * them.
 */
public record SensReduce() implements Op, Op.Fused {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    Check.coils(this, "k-space", in.get(0));
    Check.same(this, in.get(0), in.get(1));
    return List.of(in.get(0).as(in.get(0).shape().with(0, 1)));
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    Tensor images = new Fft2(true, true).apply(in[0]);
    Tensor combined = null;
    for (int c = 0; c < in[0].shape().size(0); c++) {
      Tensor image = new Narrow(0, c, 1).apply(images);
      Tensor term = new Mul.Conj().apply(image, new Narrow(0, c, 1).apply(in[1]));
      combined = combined == null ? term : new Add().apply(combined, term);
    }
    return new Tensor[] {combined};
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new SensExpand().apply(g, r.input(1)) : null,
      r.wants(1) ? new MapGrad().apply(r.input(0), g) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(
        in, out, (Fft2.flopPerElement(in.getFirst()) + 8) * in.getFirst().shape().dim(0));
  }

  /**
   * {@code ifft2c(k_c)·conj(x)} for each coil: the gradient of the sensitivity maps, here and in
   * {@link SensExpand}. Inputs: k-space {@code C64[coils, H, W]}, image {@code C64[1, H, W]}.
   */
  public record MapGrad() implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      TensorSpec k = in.get(0);
      Check.coils(this, "k-space", k);
      Check.spec(this, "image", in.get(1), new TensorSpec(DType.C64, k.shape().with(0, 1)));
      return List.of(k);
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, Fft2.flopPerElement(in.getFirst()) + 6);
    }
  }
}
