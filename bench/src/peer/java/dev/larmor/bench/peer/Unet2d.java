package dev.larmor.bench.peer;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The U-Net in feature space: recursive levels of inner width 32, any height and width. */
final class Unet2d {
  private static final int INNER_WIDTH = 32;

  private final int factor;
  private final Level top;
  private final Tensor last;
  private final ScalarType precision;

  Unet2d(Weights weights, String name, int chans, int pools, ScalarType precision) {
    this.factor = 1 << pools;
    this.top = new Level(weights, name + ".layer", chans, INNER_WIDTH, pools);
    this.last =
        weights.uniform(name + ".final_conv.0.weight", INNER_WIDTH, chans, INNER_WIDTH, 1, 1);
    this.precision = precision;
  }

  /** {@code [1, chans, H, W]} F32 to the same shape. */
  Tensor forward(Tensor x) {
    try (Frame f = new Frame()) {
      long height = x.size(2);
      long width = x.size(3);
      Tensor y = Layers.cast(x, precision);
      long bottom = Math.floorMod(-height, factor);
      long right = Math.floorMod(-width, factor);
      if (bottom + right > 0) {
        y = Layers.through(y, t -> torch.reflection_pad2d(t, 0, right, 0, bottom));
      }
      y = Layers.through(y, top::forward);
      y = Layers.through(y, t -> Layers.convNormAct(t, last));
      y = Layers.through(y, t -> Layers.crop(t, 0, 0, height, width));
      return f.keep(Layers.cast(y, ScalarType.Float));
    }
  }

  private static final class Level {
    private final ConvBlock left;
    private final Level child;
    private final Tensor upConv;
    private final ConvBlock right;

    Level(Weights weights, String name, int in, int width, int pools) {
      left = new ConvBlock(weights, name + ".left_block", in, width);
      if (pools == 0) {
        child = null;
        upConv = null;
        right = null;
        return;
      }
      child = new Level(weights, name + ".child", width, 2 * width, pools - 1);
      upConv =
          weights.uniform(name + ".upsample.layers.0.weight", 4L * width, 2L * width, width, 2, 2);
      right = new ConvBlock(weights, name + ".right_block", 2 * width, width);
    }

    Tensor forward(Tensor x) {
      try (Frame f = new Frame()) {
        Tensor skip = left.forward(x);
        if (child == null) {
          return f.keep(skip);
        }
        Tensor y = Layers.pool(skip);
        y = Layers.through(y, child::forward);
        y = Layers.through(y, t -> Layers.upConv(t, upConv));
        y = Layers.through(y, Layers::normAct);
        y = Layers.through(y, t -> Layers.concat(skip, t));
        skip.close();
        return f.keep(right.forward(y));
      }
    }
  }
}
