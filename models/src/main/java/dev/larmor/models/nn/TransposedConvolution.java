package dev.larmor.models.nn;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.ConvTranspose;
import java.util.Collections;
import java.util.List;

/**
 * A transposed convolution whose stride is its kernel, so that each input position makes a block of
 * its own: {@code [N, in, H, W]} to {@code [N, out, stride·H, stride·W]}, likewise in 3-D.
 * Parameter: {@code weight} {@code [in, out, k…]}, no bias, first uniform in ±1/sqrt(out·k…), which
 * is PyTorch's rule for transposed weights.
 */
public final class TransposedConvolution extends Layer {
  private final ConvTranspose conv;
  private final Parameter weight;

  /**
   * A layer that enlarges each of {@code rank} spatial axes {@code stride} times.
   *
   * @param rank 2 or 3
   */
  public TransposedConvolution(int rank, int in, int out, int stride) {
    this.conv = ConvTranspose.strided(rank, stride);
    List<Integer> kernel = Collections.nCopies(rank, stride);
    long fan = Convolution.fanIn(conv.adjoint(), out, kernel);
    this.weight =
        parameter("weight", Convolution.weightSpec(DType.F32, in, out, kernel), Init.fanIn(fan));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return conv.apply(x, weight.value());
  }
}
