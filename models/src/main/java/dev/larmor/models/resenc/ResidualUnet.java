package dev.larmor.models.resenc;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Parameter;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import java.lang.foreign.Arena;

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

  /**
   * Gives all parameters new values, as nnU-Net does: kernels normal by He's rule, biases zero, and
   * residual blocks that add nothing at first – the scale of the last norm before their sum is
   * zero.
   *
   * @param stream of which each parameter draws from the sub-stream of its own name
   */
  public void initialise(Philox stream) {
    for (Parameter parameter : parameters()) {
      Shape shape = parameter.spec().shape();
      if (shape.rank() == 5) {
        long fanIn = shape.elements() / shape.dim(0);
        fill(parameter, Init.heNormal(fanIn, ConvUnit.SLOPE), stream);
      } else if (parameter.name().endsWith("bias")
          || parameter.name().endsWith("conv2.norm.weight")) {
        fill(parameter, Init.constant(0), stream);
      }
    }
  }

  private static void fill(Parameter parameter, Init init, Philox stream) {
    Tensor value = parameter.value();
    Philox own = stream.with(parameter.name());
    Scope.run(() -> {
      try (Arena arena = Arena.ofConfined()) {
        value.upload(init.create(value.device(), own, parameter.spec()).download(arena));
      }
    });
  }

  /** Keeps the encoder as it is in training from now on. */
  public void freezeEncoder() {
    encoder.parameters().forEach(Parameter::freeze);
  }

  @Override
  protected Tensor forward(Tensor x) {
    return precision.leave(decoder.apply(encoder.apply(x)));
  }
}
