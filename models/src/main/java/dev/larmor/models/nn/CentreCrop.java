package dev.larmor.models.nn;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Pad;
import java.util.List;

/**
 * The centre of an image, {@code […, H, W]} to {@code […, height, width]}: what is too large is
 * cropped, what is too small is padded with zeros; of an odd difference the smaller half goes
 * before.
 */
public record CentreCrop(int height, int width) {
  public CentreCrop {
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException(
          "crop size " + height + " x " + width + ", expected at least 1 x 1");
    }
  }

  /** Crops or pads {@code x}; {@code x} itself where it has the size already. */
  public Tensor apply(Tensor x) {
    int rows = x.shape().size(-2) - height;
    int columns = x.shape().size(-1) - width;
    Tensor y = x;
    if (rows > 0 || columns > 0) {
      y =
          new Crop(
                  List.of(Math.max(rows, 0) / 2, Math.max(columns, 0) / 2),
                  List.of(
                      Math.min(height, x.shape().size(-2)), Math.min(width, x.shape().size(-1))))
              .apply(y);
    }
    if (rows < 0 || columns < 0) {
      int above = Math.max(-rows, 0) / 2;
      int left = Math.max(-columns, 0) / 2;
      y =
          new Pad(
                  List.of(above, left),
                  List.of(Math.max(-rows, 0) - above, Math.max(-columns, 0) - left),
                  Pad.Mode.ZERO)
              .apply(y);
    }
    return y;
  }
}
