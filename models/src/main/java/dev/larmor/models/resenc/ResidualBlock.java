package dev.larmor.models.resenc;

import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.AvgPool;
import dev.larmor.engine.op.LeakyRelu;
import java.util.List;

/**
 * A residual block (He et al., CVPR 2016) whose skip connection averages where the block strides
 * (ResNet-D: He et al., CVPR 2019): {@code [N, in, D, H, W]} to {@code [N, out, D/s, H/s, W/s]}.
 * Training may recompute it.
 */
final class ResidualBlock extends Layer {
  private final ConvUnit first;
  private final ConvUnit second;
  private final AvgPool pool; // null for stride 1
  private final ConvUnit projection; // null for the same channels

  ResidualBlock(int in, int out, int stride) {
    first = child("conv1", new ConvUnit(in, out, 3, stride, true, true));
    second = child("conv2", new ConvUnit(out, out, 3, 1, true, false));
    pool = stride == 1 ? null : new AvgPool(List.of(stride, stride, stride));
    // Its number among the skip connection's parts, as checkpoints have it.
    String name = "skip." + (pool == null ? 0 : 1);
    projection = in == out ? null : child(name, new ConvUnit(in, out, 1, 1, false, false));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return Tape.checkpoint("", in -> new Tensor[] {block(in[0])}, x)[0];
  }

  private Tensor block(Tensor x) {
    Tensor main = second.apply(first.apply(x));
    Tensor skip = pool == null ? x : pool.apply(x);
    Tensor sum = new Add().apply(main, projection == null ? skip : projection.apply(skip));
    return new LeakyRelu(ConvUnit.SLOPE).apply(sum);
  }
}
