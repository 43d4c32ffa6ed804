package dev.larmor.models.nn;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.ChannelsToComplex;
import dev.larmor.engine.op.ComplexToChannels;

/**
 * A {@link Unet} from complex images to complex images, {@code C64[N, H, W]} (Sriram et al.,
 * "End-to-End Variational Networks", 2020): real and imaginary part are two channels, each brought
 * to mean 0 and standard deviation 1 (unbiased), zero-padded to multiples of 16, and all of it
 * undone afterwards.
 */
public final class NormUnet extends Layer {
  private static final int MULTIPLE = 16;

  private final Unet unet;
  private final Precision precision;

  /**
   * A network.
   *
   * @param chans channels of the first level
   * @param pools how often the size is halved, at least 1
   */
  public NormUnet(int chans, int pools, float dropout, Precision precision) {
    this.unet = child("unet", new Unet(2, 2, chans, pools, dropout));
    this.precision = precision;
  }

  @Override
  protected Tensor forward(Tensor image) {
    Tensor x = new ComplexToChannels().apply(image);
    Standardization norm = Standardization.of(x, 1);
    Padding padding = Padding.around(x.shape(), MULTIPLE);
    Tensor refined = unet.apply(precision.enter(padding.apply(norm.apply(x))));
    return new ChannelsToComplex().apply(norm.undo(precision.leave(padding.undo(refined))));
  }
}
