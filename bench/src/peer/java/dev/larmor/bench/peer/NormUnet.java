package dev.larmor.bench.peer;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A {@link Unet} between standardising and zero-padding to multiples of 16, and their undoing. */
final class NormUnet {
  private static final int MULTIPLE = 16;

  private final Unet unet;
  private final ScalarType precision;

  NormUnet(Weights weights, String name, int chans, int pools, ScalarType precision) {
    this.unet = new Unet(weights, name + ".unet", 2, chans, pools);
    this.precision = precision;
  }

  /** {@code [N, 2, H, W]} F32 to the same shape. */
  Tensor forward(Tensor x) {
    try (Frame f = new Frame()) {
      long height = x.size(2);
      long width = x.size(3);
      long addH = Math.floorMod(-height, MULTIPLE);
      long addW = Math.floorMod(-width, MULTIPLE);
      long[] plane = {2, 3};
      Tensor mean = x.mean(plane, true, new ScalarTypeOptional());
      Tensor std = x.std(plane, true, true);
      Tensor y = x.sub(mean);
      y = Layers.through(y, t -> t.div(std));
      if (addH + addW > 0) {
        long[] sides = {addW / 2, addW - addW / 2, addH / 2, addH - addH / 2};
        y = Layers.through(y, t -> torch.constant_pad_nd(t, sides, new Scalar(0f)));
      }
      y = Layers.through(y, t -> Layers.cast(t, precision));
      y = Layers.through(y, unet::forward);
      y = Layers.through(y, t -> Layers.cast(t, ScalarType.Float));
      y = Layers.through(y, t -> Layers.crop(t, addH / 2, addW / 2, height, width));
      y = Layers.through(y, t -> t.mul(std));
      return f.keep(y.add(mean));
    }
  }
}
