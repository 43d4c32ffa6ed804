package org.example;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.InstanceNormAct;

/**
 * A layer from outside Larmor: {@code x + swish(norm(conv(x)))}. Its reverse rule follows from its
 * ops'.
 */
public final class ResidualBlock extends Layer {
  private final Parameter weight;

  /** A block for feature maps {@code F32[N, channels, H, W]}. */
  public ResidualBlock(int channels) {
    TensorSpec spec = TensorSpec.of(DType.F32, channels, channels, 3, 3);
    weight = parameter("weight", spec, Init.fanIn(9L * channels));
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor y = Conv.padded(2, 1).apply(x, weight.value());
    Tensor normed = new InstanceNormAct(1e-5f, 1).applyAll(y)[0];
    return new Add().apply(x, new Swish().apply(normed));
  }
}
