package dev.larmor.bench.peer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** The U-Net inside {@link NormUnet}: height and width are multiples of {@code 2^pools}. */
final class Unet {
  private final List<ConvBlock> down = new ArrayList<>();
  private final ConvBlock bottom;
  private final List<Tensor> upConvs = new ArrayList<>();
  private final List<ConvBlock> up = new ArrayList<>();
  private final Tensor lastWeight;
  private final Tensor lastBias;

  Unet(Weights weights, String name, int inOut, int chans, int pools) {
    int in = inOut;
    int width = chans;
    for (int i = 0; i < pools; i++, in = width, width *= 2) {
      down.add(new ConvBlock(weights, name + ".down_sample_layers." + i, in, width));
    }
    bottom = new ConvBlock(weights, name + ".conv", in, width);
    for (int i = 0; i < pools; i++) {
      width /= 2;
      boolean last = i == pools - 1;
      upConvs.add(
          weights.uniform(
              name + ".up_transpose_conv." + i + ".layers.0.weight",
              4L * width,
              2L * width,
              width,
              2,
              2));
      up.add(new ConvBlock(weights, name + ".up_conv." + i + (last ? ".0" : ""), 2 * width, width));
    }
    String last = name + ".up_conv." + (pools - 1) + ".1";
    lastWeight = weights.uniform(last + ".weight", chans, inOut, chans, 1, 1);
    lastBias = weights.uniform(last + ".bias", chans, inOut);
  }

  /** {@code [N, inOut, H, W]} to the same shape. */
  Tensor forward(Tensor x) {
    try (Frame f = new Frame()) {
      Deque<Tensor> skips = new ArrayDeque<>();
      Tensor y = new Tensor(x); // a handle of our own to give up
      for (ConvBlock block : down) {
        Tensor skip = Layers.through(y, block::forward);
        skips.push(skip);
        y = Layers.pool(skip);
      }
      y = Layers.through(y, bottom::forward);
      for (int i = 0; i < up.size(); i++) {
        Tensor weight = upConvs.get(i);
        y = Layers.through(y, t -> Layers.upConv(t, weight));
        y = Layers.through(y, Layers::normAct);
        Tensor skip = skips.pop();
        y = Layers.through(y, t -> Layers.concat(t, skip));
        skip.close();
        y = Layers.through(y, up.get(i)::forward);
      }
      return f.keep(Layers.conv(y, lastWeight, lastBias));
    }
  }
}
