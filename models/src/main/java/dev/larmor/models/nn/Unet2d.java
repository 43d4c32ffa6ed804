package dev.larmor.models.nn;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.AvgPool;
import dev.larmor.engine.op.Concat;
import java.util.List;

/**
 * FI-VarNet's U-Net in feature space (Giannakopoulos et al., "Accelerated MRI reconstructions via
 * variational network and feature domain learning", 2024): {@code F32[N, chans, H, W]} to the same.
 *
 * <p>Other than {@link Unet}: recursive levels; concatenation [skip, upsampled]; the end is a 1 × 1
 * {@link ConvNormAct} without bias; sizes that are no multiples of 2^pools are reflected below and
 * to the right, and cropped back.
 */
public final class Unet2d extends Layer {
  private final UnetLevel layer;
  private final ConvNormAct last;
  private final int multiple;
  private final Precision precision;

  /**
   * A network.
   *
   * @param chans channels of input and output
   * @param width channels of the first level
   * @param pools how often the size is halved
   */
  public Unet2d(int chans, int width, int pools, float dropout, Precision precision) {
    this.layer = child("layer", new UnetLevel(chans, width, pools, dropout));
    this.last = child("final_conv.0", new ConvNormAct(width, chans, 1, 0));
    this.multiple = 1 << pools;
    this.precision = precision;
  }

  @Override
  protected Tensor forward(Tensor x) {
    Padding padding = Padding.after(x.shape(), multiple);
    Tensor features = last.apply(layer.apply(padding.apply(precision.enter(x))));
    return precision.leave(padding.undo(features));
  }

  /** One level: a block, and below it, at half the size, the next. */
  private static final class UnetLevel extends Layer {
    private static final AvgPool HALVE = new AvgPool(List.of(2, 2));

    private final ConvBlock left;
    private final UnetLevel child;
    private final TransposeConvBlock up;
    private final ConvBlock right;

    UnetLevel(int in, int width, int pools, float dropout) {
      left = child("left_block", new ConvBlock(in, width, dropout));
      child =
          pools == 0 ? null : child("child", new UnetLevel(width, 2 * width, pools - 1, dropout));
      up = pools == 0 ? null : child("upsample", new TransposeConvBlock(2 * width, width));
      right = pools == 0 ? null : child("right_block", new ConvBlock(2 * width, width, dropout));
    }

    @Override
    protected Tensor forward(Tensor x) {
      return child == null ? left.apply(x) : right.apply(joined(x));
    }

    /** What the block on the way up sees; the skip connection is freed with this scope. */
    private Tensor joined(Tensor x) {
      return Scope.run(() -> {
        Tensor skip = left.apply(x);
        Tensor deeper = Scope.run(() -> child.apply(HALVE.apply(skip)));
        return new Concat(1).apply(skip, up.apply(deeper));
      });
    }
  }
}
