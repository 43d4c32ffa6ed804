package dev.larmor.models.nn;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.AvgPool;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Pad;
import java.util.ArrayList;
import java.util.List;

/**
 * fastMRI's U-Net (Zbontar et al., "fastMRI: an open dataset and benchmarks", 2018; after
 * Ronneberger et al. 2015): {@code [N, in, H, W]} to {@code [N, out, H, W]}.
 *
 * <p>Each of {@code pools} levels is a {@link ConvBlock} and a 2 × 2 mean on the way down, channels
 * doubling; on the way up a {@link TransposeConvBlock}, one reflected row or column where an odd
 * size was halved, concatenation [upsampled, skip] and a ConvBlock. A 1 × 1 convolution with bias
 * ends it.
 */
public final class Unet extends Layer {
  private static final AvgPool HALVE = new AvgPool(List.of(2, 2));

  private final List<ConvBlock> down = new ArrayList<>();
  private final ConvBlock bottom;

  /** Deepest level first, as the names count; so are the transposed convolutions. */
  private final List<ConvBlock> right = new ArrayList<>();

  private final List<TransposeConvBlock> up = new ArrayList<>();
  private final Convolution last;
  private final int pools;

  /**
   * A network.
   *
   * @param chans channels of the first level
   * @param pools how often the size is halved, at least 1
   */
  public Unet(int in, int out, int chans, int pools, float dropout) {
    this.pools = pools;
    for (int level = 0; level < pools; level++) {
      int from = level == 0 ? in : chans << level - 1;
      down.add(child("down_sample_layers." + level, new ConvBlock(from, chans << level, dropout)));
    }
    bottom = child("conv", new ConvBlock(chans << pools - 1, chans << pools, dropout));
    for (int i = 0; i < pools; i++) {
      int width = chans << pools - 1 - i;
      String name = "up_conv." + i + (i == pools - 1 ? ".0" : "");
      right.add(child(name, new ConvBlock(2 * width, width, dropout)));
    }
    last = child("up_conv." + (pools - 1) + ".1", Convolution.same2d(chans, out, 1, true));
    for (int i = 0; i < pools; i++) {
      int width = chans << pools - 1 - i;
      up.add(child("up_transpose_conv." + i, new TransposeConvBlock(2 * width, width)));
    }
  }

  @Override
  protected Tensor forward(Tensor x) {
    return last.apply(level(0, x));
  }

  /** The network from {@code level} down and up again. */
  private Tensor level(int level, Tensor x) {
    if (level == pools) {
      return bottom.apply(x);
    }
    return Scope.run(() -> right.get(pools - 1 - level).apply(joined(level, x)));
  }

  /** What the block on the way up sees; the skip connection is freed with this scope. */
  private Tensor joined(int level, Tensor x) {
    return Scope.run(() -> {
      Tensor skip = down.get(level).apply(x);
      Tensor deeper = Scope.run(() -> level(level + 1, HALVE.apply(skip)));
      return join(up.get(pools - 1 - level).apply(deeper), skip);
    });
  }

  private static Tensor join(Tensor upsampled, Tensor skip) {
    Shape to = skip.shape();
    int rows = to.size(-2) - upsampled.shape().size(-2);
    int columns = to.size(-1) - upsampled.shape().size(-1);
    Tensor whole = new Padding(0, rows, 0, columns, Pad.Mode.REFLECT).apply(upsampled);
    return new Concat(1).apply(whole, skip);
  }
}
