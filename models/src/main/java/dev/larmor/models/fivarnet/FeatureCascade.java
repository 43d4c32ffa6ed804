package dev.larmor.models.fivarnet;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Module;
import dev.larmor.autograd.Parameter;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.MaskedResidual;
import dev.larmor.engine.op.Reshape;
import dev.larmor.engine.op.ScaleBy;
import dev.larmor.engine.op.SensExpand;
import dev.larmor.engine.op.SensReduce;
import dev.larmor.engine.op.Sub;
import dev.larmor.models.nn.ConvNormAct;
import dev.larmor.models.nn.InstanceNorm;
import dev.larmor.models.nn.Standardization;
import dev.larmor.models.nn.Unet2d;

/**
 * One cascade in feature space (Giannakopoulos et al. 2024): with f the normalised features,
 *
 * <pre>{@code
 * f' = f − w·encode(reduce(mask∘(expand(decode(f)) − measured))) − Unet2d(attend(f))
 * }</pre>
 *
 * and a learned scalar w, first 1. Only some cascades have {@link BlockAttention}; for the others
 * attend(f) = f. Some end with {@code n + conv(conv(n))}, n = norm(f'), two 5 × 5 {@link
 * ConvNormAct}. A stage of its own.
 */
public final class FeatureCascade extends Module {
  private final FeatureEncoder encoder;
  private final FeatureDecoder decoder;
  private final Parameter weight;
  private final Unet2d refine;
  private final BlockAttention attention;
  private final ConvNormAct firstConv;
  private final ConvNormAct secondConv;
  private final Precision precision;

  /**
   * A cascade.
   *
   * @param encoder shared, a part of the network
   * @param decoder shared, a part of the network
   * @param attention whether this cascade has block attention
   * @param convs whether this cascade ends with two convolutions
   */
  FeatureCascade(
      FiVarNet.Config config,
      FeatureEncoder encoder,
      FeatureDecoder decoder,
      boolean attention,
      boolean convs) {
    int chans = config.chans();
    this.encoder = encoder;
    this.decoder = decoder;
    this.precision = config.precision();
    weight = parameter("dc_weight", TensorSpec.of(DType.F32, 1), Init.constant(1));
    refine =
        child(
            "feature_processor",
            new Unet2d(chans, config.unetChans(), config.pools(), config.dropout(), precision));
    this.attention = attention ? child("attention_layer", new BlockAttention(chans)) : null;
    firstConv = convs ? child("output_conv.0", new ConvNormAct(chans, chans, 5, 0)) : null;
    secondConv = convs ? child("output_conv.3", new ConvNormAct(chans, chans, 5, 0)) : null;
  }

  /** What stays the same from cascade to cascade. */
  record Context(
      Tensor measured, Tensor mask, Tensor maps, Standardization norm, int acceleration) {}

  /**
   * Improves the features.
   *
   * @param features {@code F32[1, chans, H, W]}
   * @return like {@code features}
   */
  Tensor update(Tensor features, Context c) {
    return scoped(() ->
        Tape.checkpoint(
            "",
            in -> {
              Standardization norm = new Standardization(in[4], in[5]);
              return new Tensor[] {
                step(in[0], new Context(in[1], in[2], in[3], norm, c.acceleration))
              };
            },
            features,
            c.measured,
            c.mask,
            c.maps,
            c.norm.mean(),
            c.norm.variance())[0]);
  }

  private Tensor step(Tensor features, Context c) {
    Tensor f = InstanceNorm.PLAIN.apply(features);
    Tensor consistent = Scope.run(() -> new Sub().apply(f, consistency(f, c)));
    Tensor refined = Scope.run(() -> new Sub().apply(consistent, refine(f, c.acceleration)));
    return firstConv == null ? refined : convolved(refined);
  }

  /** {@code w·encode(reduce(mask∘(expand(decode(f)) − measured)))}. */
  private Tensor consistency(Tensor f, Context c) {
    Tensor kspace = new SensExpand().apply(decoder.decode(f, c.norm), c.maps);
    Tensor residual = new MaskedResidual().apply(kspace, c.measured, c.mask);
    Tensor image = new SensReduce().apply(residual, c.maps);
    Tensor w = new Reshape(Shape.SCALAR).apply(weight.value());
    return new ScaleBy().apply(encoder.encode(image, c.norm), w);
  }

  private Tensor refine(Tensor f, int acceleration) {
    return refine.apply(attention == null ? f : attention.attend(f, acceleration));
  }

  private Tensor convolved(Tensor refined) {
    Tensor n = InstanceNorm.PLAIN.apply(refined);
    Tensor convolved = secondConv.apply(firstConv.apply(precision.enter(n)));
    return new Add().apply(n, precision.leave(convolved));
  }
}
