package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * One image to coil k-space: {@code k_c = fft2c(S_c·x)} (Sriram et al. 2020, eq. 4). Inputs: image
 * {@code C64[1, H, W]}, sensitivity maps {@code C64[coils, H, W]}; output like the maps. The
 * adjoint of {@link SensReduce}.
 */
public record SensExpand() implements Op, Op.Fused {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    TensorSpec maps = in.get(1);
    Check.coils(this, "sensitivity maps", maps);
    Check.spec(this, "image", in.get(0), new TensorSpec(DType.C64, maps.shape().with(0, 1)));
    return List.of(maps);
  }

  @Override
  public Tensor[] expansion(Tensor... in) {
    Tensor[] coils = new Tensor[in[1].shape().size(0)];
    for (int c = 0; c < coils.length; c++) {
      coils[c] = new Mul().apply(in[0], new Narrow(0, c, 1).apply(in[1]));
    }
    return new Tensor[] {new Fft2(false, true).apply(new Concat(0).apply(coils))};
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Tensor g = r.upstream(0);
    return new Tensor[] {
      r.wants(0) ? new SensReduce().apply(g, r.input(1)) : null,
      r.wants(1) ? new SensReduce.MapGrad().apply(g, r.input(0)) : null
    };
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, Fft2.flopPerElement(out.getFirst()) + 6);
  }
}
