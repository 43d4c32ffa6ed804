package dev.larmor.models.varnet;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Reshape;
import dev.larmor.engine.op.SensExpand;
import dev.larmor.engine.op.SensReduce;
import dev.larmor.engine.op.SoftDataConsistency;
import dev.larmor.models.nn.NormUnet;

/**
 * One cascade of the variational network (Sriram et al. 2020, eq. 8): {@code k' = k − w·mask∘(k −
 * measured) − expand(NormUnet(reduce(k)))}, with a learned scalar w, first 1. A stage of its own.
 */
public final class ImageCascade extends Module {
  private final Parameter weight;
  private final NormUnet refine;

  /**
   * A cascade.
   *
   * @param chans channels of the U-Net's first level
   * @param pools how often the U-Net halves the size
   */
  public ImageCascade(int chans, int pools, float dropout, Precision precision) {
    weight = parameter("dc_weight", TensorSpec.of(DType.F32, 1), Init.constant(1));
    refine = child("model", new NormUnet(chans, pools, dropout, precision));
  }

  /**
   * Improves k-space.
   *
   * @param kspace the present estimate, {@code C64[coils, H, W]}
   * @param measured what was measured, like {@code kspace}
   * @param mask {@code F32[W]}
   * @param maps coil sensitivities, like {@code kspace}
   * @return the next estimate, like {@code kspace}
   */
  public Tensor update(Tensor kspace, Tensor measured, Tensor mask, Tensor maps) {
    return scoped(() ->
        Tape.checkpoint("", in -> new Tensor[] {update(in)}, kspace, measured, mask, maps)[0]);
  }

  private Tensor update(Tensor[] in) {
    Tensor kspace = in[0];
    Tensor measured = in[1];
    Tensor mask = in[2];
    Tensor maps = in[3];
    Tensor image = new SensReduce().apply(kspace, maps);
    Tensor refinement = new SensExpand().apply(refine.apply(image), maps);
    Tensor w = new Reshape(Shape.SCALAR).apply(weight.value());
    return new SoftDataConsistency().apply(kspace, measured, refinement, mask, w);
  }
}
