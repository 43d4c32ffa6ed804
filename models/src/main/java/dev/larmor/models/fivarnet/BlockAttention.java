package dev.larmor.models.fivarnet;

import dev.larmor.autograd.Module;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.ChunkAttention;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Conv;
import dev.larmor.models.nn.Convolution;
import dev.larmor.models.nn.InstanceNorm;
import dev.larmor.models.nn.Padding;
import java.util.Collections;
import java.util.List;

/**
 * Attention among the places that equispaced undersampling folds onto each other (Giannakopoulos et
 * al. 2024): with acceleration R the aliases of a pixel lie W/R columns apart, so the width is cut
 * into R chunks and the pixels at the same place of each chunk attend to each other.
 *
 * <p>Queries, keys and values are 1 × 1 convolutions of the normalised, position-encoded features,
 * each followed by one shared 3 × 3 convolution of dilation 2; a 1 × 1 projection of the result is
 * added to the input.
 */
public final class BlockAttention extends Module {
  private final Convolution query;
  private final Convolution key;
  private final Convolution value;
  private final Convolution projection;
  private final Convolution dilated;

  BlockAttention(int chans) {
    query = child("q", Convolution.same2d(chans, chans, 1, true));
    key = child("k", Convolution.same2d(chans, chans, 1, true));
    value = child("v", Convolution.same2d(chans, chans, 1, true));
    projection = child("proj_out", Convolution.same2d(chans, chans, 1, true));
    Conv twoApart = new Conv(List.of(1, 1), List.of(2, 2), List.of(2, 2), 1);
    dilated = child("dilated_conv", new Convolution(twoApart, chans, chans, List.of(3, 3), true));
  }

  /**
   * Features that know of their aliases.
   *
   * @param features {@code F32[1, chans, H, W]}
   * @param acceleration R, the number of chunks
   * @return like {@code features}
   */
  public Tensor attend(Tensor features, int acceleration) {
    return scoped(() -> {
      Tensor normal = InstanceNorm.PLAIN.apply(features);
      Tensor h = new Add().apply(normal, positions(features.device(), features.shape()));
      Padding padding = Padding.columns(features.shape(), acceleration);
      Tensor attended =
          new ChunkAttention(acceleration)
              .apply(
                  chunked(query, h, padding), chunked(key, h, padding), chunked(value, h, padding));
      return new Add().apply(features, projection.apply(padding.undo(attended)));
    });
  }

  private Tensor chunked(Convolution conv, Tensor h, Padding padding) {
    return padding.apply(dilated.apply(conv.apply(h)));
  }

  /**
   * The sinusoidal code of the row (Vaswani et al. 2017), the same for every channel: {@code
   * sin(row / 10000^(2⌊w/2⌋/W))} in column w.
   */
  private static Tensor positions(Device device, Shape shape) {
    int height = shape.size(2);
    int width = shape.size(3);
    double[] code = new double[height * width];
    for (int w = 0; w < width; w++) {
      int pair = w / 2;
      double frequency = Math.pow(10000, -2.0 * pair / width);
      for (int h = 0; h < height; h++) {
        code[h * width + w] = Math.sin(h * frequency);
      }
    }
    Tensor one = device.fromDoubles(TensorSpec.of(DType.F32, 1, 1, height, width), code);
    return new Concat(1).apply(Collections.nCopies(shape.size(1), one).toArray(Tensor[]::new));
  }
}
