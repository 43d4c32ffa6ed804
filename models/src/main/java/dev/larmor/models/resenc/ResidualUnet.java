package dev.larmor.models.resenc;

import dev.larmor.autograd.Layer;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;

/**
 * The segmentation network of nnU-Net's residual presets: a {@link ResidualEncoder} and a decoder,
 * {@code F32[N, channels, D, H, W]} to class scores {@code F32[N, classes, D, H, W]} before
 * softmax. The encoder's parameters are named as in pre-training, so its weights may come from
 * there.
 */
public final class ResidualUnet extends Layer {
  private final ResidualEncoder encoder;
  private final Decoder decoder;
  private final Precision precision;

  /**
   * A network.
   *
   * @param classes at least 2, background included
   */
  public ResidualUnet(ResidualEncoder.Config config, int classes) {
    if (classes < 2) {
      throw new IllegalArgumentException("a segmentation has at least 2 classes, not " + classes);
    }
    encoder = child("encoder", new ResidualEncoder(config));
    decoder = child("decoder", new Decoder(config.features(), classes));
    precision = config.precision();
  }

  @Override
  protected Tensor forward(Tensor x) {
    return precision.leave(decoder.apply(encoder.apply(x)));
  }
}
