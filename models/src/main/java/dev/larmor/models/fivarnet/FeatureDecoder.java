package dev.larmor.models.fivarnet;

import dev.larmor.autograd.Module;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.ChannelsToComplex;
import dev.larmor.models.nn.Convolution;
import dev.larmor.models.nn.Standardization;

/**
 * From feature maps to a complex image: a 5 × 5 convolution with bias, then the standardisation
 * undone. Shared by all cascades.
 */
public final class FeatureDecoder extends Module {
  private final Convolution conv;

  FeatureDecoder(int chans) {
    conv = child("decoder", Convolution.same2d(chans, 2, 5, true));
  }

  /**
   * The image.
   *
   * @param features {@code F32[1, chans, H, W]}
   * @param norm the statistics, per channel, of the network's input image
   * @return {@code C64[1, H, W]}
   */
  public Tensor decode(Tensor features, Standardization norm) {
    return scoped(() -> new ChannelsToComplex().apply(norm.undo(conv.apply(features))));
  }
}
