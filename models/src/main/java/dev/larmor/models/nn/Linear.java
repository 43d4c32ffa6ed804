package dev.larmor.models.nn;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AddBias;
import dev.larmor.engine.op.MatMul;

/**
 * A fully connected layer, {@code F32[N, in]} to {@code F32[N, out]}: x·Wᵀ + b. Parameters: {@code
 * weight} {@code [out, in]} and {@code bias} {@code [out]}, first uniform in ±1/sqrt(in).
 */
public final class Linear extends Layer {
  private final Parameter weight;
  private final Parameter bias;

  public Linear(int in, int out) {
    Init init = Init.fanIn(in);
    weight = parameter("weight", TensorSpec.of(DType.F32, out, in), init);
    bias = parameter("bias", TensorSpec.of(DType.F32, out), init);
  }

  @Override
  protected Tensor forward(Tensor x) {
    return new AddBias().apply(new MatMul(false, true).apply(x, weight.value()), bias.value());
  }
}
