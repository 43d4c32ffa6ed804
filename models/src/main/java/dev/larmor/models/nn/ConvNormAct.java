package dev.larmor.models.nn;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.ChannelDropout;
import dev.larmor.engine.op.Conv;
import java.util.List;

/**
 * Convolution without bias (the norm would undo it), instance norm, leaky ReLU, and channel dropout
 * while training: {@code [N, in, H, W]} to {@code [N, out, H, W]}. Parameter: {@code weight} {@code
 * [out, in, k, k]}.
 */
public final class ConvNormAct extends Layer {
  private final Conv conv;
  private final Parameter weight;
  private final float dropout;

  /**
   * A layer that keeps the size.
   *
   * @param kernel odd extent of the kernel on both axes
   * @param dropout probability that a channel is dropped in a training step, in [0, 1)
   */
  public ConvNormAct(int in, int out, int kernel, float dropout) {
    this.conv = Conv.padded(2, kernel / 2);
    List<Integer> extents = List.of(kernel, kernel);
    this.weight =
        parameter(
            "weight",
            Convolution.weightSpec(DType.F32, out, in, extents),
            Init.fanIn(Convolution.fanIn(conv, in, extents)));
    this.dropout = dropout;
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor y = InstanceNorm.LEAKY.apply(conv.apply(x, weight.value()));
    Training training = Training.current();
    return dropout == 0 || training == null
        ? y
        : new ChannelDropout(dropout, training.stream("dropout")).apply(y);
  }
}
