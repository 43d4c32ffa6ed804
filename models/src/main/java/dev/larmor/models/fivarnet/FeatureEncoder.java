package dev.larmor.models.fivarnet;

import dev.larmor.autograd.Module;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.ComplexToChannels;
import dev.larmor.models.nn.Convolution;
import dev.larmor.models.nn.Standardization;

/**
 * From a complex image to feature maps: standardisation, then a 5 × 5 convolution with bias. Shared
 * by all cascades.
 */
public final class FeatureEncoder extends Module {
  private final Convolution conv;

  FeatureEncoder(int chans) {
    conv = child("encoder.0", Convolution.same2d(2, chans, 5, true));
  }

  /**
   * The features.
   *
   * @param image {@code C64[1, H, W]}
   * @param norm the statistics, per channel, of the network's input image
   * @return {@code F32[1, chans, H, W]}
   */
  public Tensor encode(Tensor image, Standardization norm) {
    return scoped(() -> conv.apply(norm.apply(new ComplexToChannels().apply(image))));
  }
}
