package dev.larmor.models.fivarnet;

import dev.larmor.autograd.Init;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ComplexToChannels;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.Rss;
import dev.larmor.engine.op.SensExpand;
import dev.larmor.engine.op.SensReduce;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.nn.CentreCrop;
import dev.larmor.models.nn.InstanceNorm;
import dev.larmor.models.nn.Standardization;
import dev.larmor.models.varnet.ImageCascade;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.ReconstructionModel;
import dev.larmor.models.varnet.SensitivityModel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * FI-VarNet (Giannakopoulos et al. 2024): coil sensitivities, encoding, {@link FeatureCascade}s,
 * decoding, {@link ImageCascade}s, root sum of squares.
 *
 * <p>Stages that training may recompute: {@code sens_net.coils.0}, …, {@code feature_cascades.0},
 * …, {@code decode}, {@code image_cascades.0}, …. Encoding keeps two images only and is no stage.
 */
public final class FiVarNet extends ReconstructionModel {
  /** k-space comes in units in which it is tiny; inside the network it is this much larger. */
  private static final float KSPACE_FACTOR = 1e6f;

  /** The feature cascades that end with two convolutions. */
  private static final Set<Integer> WITH_CONVS = Set.of(0, 3, 6, 9);

  /**
   * What the network looks like.
   *
   * @param featureCascades number of cascades in feature space
   * @param imageCascades number of cascades in image space after them
   * @param chans feature maps, and channels of the image cascades' U-Nets at full size
   * @param unetChans channels of the feature cascades' U-Nets at full size
   * @param pools how often the cascades' U-Nets halve the size
   * @param sensChans channels of the sensitivity model's U-Net at full size
   * @param sensPools how often that halves the size
   * @param attnStride every attnStride-th feature cascade has block attention, from the first; 0
   *     for none
   * @param dropout probability that a channel is dropped in a training step
   * @param precision what the cascades' U-Nets compute in
   */
  public record Config(
      int featureCascades,
      int imageCascades,
      int chans,
      int unetChans,
      int pools,
      int sensChans,
      int sensPools,
      int attnStride,
      float dropout,
      Precision precision)
      implements ModelConfig {
    /** The published network: 78,282,707 parameters. */
    public static final Config DEFAULT = new Config(8, 2, 32, 32, 4, 8, 4, 0, 0, Precision.FP32);

    public Config {
      ModelConfig.atLeast("feature_cascades", featureCascades, 1);
      ModelConfig.atLeast("image_cascades", imageCascades, 0);
      ModelConfig.atLeast("chans", chans, 1);
      ModelConfig.atLeast("unet_chans", unetChans, 1);
      ModelConfig.pools("pools", pools);
      ModelConfig.atLeast("sens_chans", sensChans, 1);
      ModelConfig.pools("sens_pools", sensPools);
      ModelConfig.atLeast("attn_stride", attnStride, 0);
      ModelConfig.probability("dropout", dropout);
    }

    @Override
    public String architecture() {
      return "fivarnet_f%d_i%d_attn%d_c%d_s%d"
          .formatted(featureCascades, imageCascades, attnStride, chans, sensChans);
    }

    @Override
    public FiVarNet build() {
      return new FiVarNet(this);
    }
  }

  private final SensitivityModel sensitivities;
  private final FeatureEncoder encoder;
  private final FeatureDecoder decoder;
  private final List<ImageCascade> imageCascades = new ArrayList<>();
  private final List<FeatureCascade> featureCascades = new ArrayList<>();

  public FiVarNet(Config config) {
    // Never used, but the original's checkpoints have it, and so must those that go back to it.
    parameter("output_scale", TensorSpec.of(DType.F64, 1), Init.constant(1)).freeze();
    sensitivities =
        child("sens_net", new SensitivityModel(config.sensChans, config.sensPools, config.dropout));
    encoder = child("encoder", new FeatureEncoder(config.chans));
    decoder = child("decoder", new FeatureDecoder(config.chans));
    for (int i = 0; i < config.imageCascades; i++) {
      imageCascades.add(
          child(
              "image_cascades." + i,
              new ImageCascade(config.chans, config.pools, config.dropout, config.precision)));
    }
    for (int i = 0; i < config.featureCascades; i++) {
      boolean attention = config.attnStride > 0 && i % config.attnStride == 0;
      featureCascades.add(
          child(
              "feature_cascades." + i,
              new FeatureCascade(config, encoder, decoder, attention, WITH_CONVS.contains(i))));
    }
  }

  @Override
  public Tensor reconstruct(Tensor kspace, SamplingMask mask, int height, int width) {
    return scoped(() -> {
      Tensor columns = columns(mask, kspace, 1);
      Tensor measured = new MaskColumns().apply(kspace, columns(mask, kspace, KSPACE_FACTOR));
      Tensor maps = sensitivities.estimate(measured, mask);
      Tensor refined = features(measured, columns, maps, mask.acceleration());
      for (ImageCascade cascade : imageCascades) {
        Tensor next = cascade.update(refined, measured, columns, maps);
        refined.drop();
        refined = next;
      }
      Tensor image = new Rss().apply(new Fft2(true, true).apply(refined));
      Tensor cropped = new CentreCrop(height, width).apply(image);
      return Affine.scale(1 / KSPACE_FACTOR).apply(cropped);
    });
  }

  /** Measured k-space to k-space, by way of the feature cascades. */
  private Tensor features(Tensor measured, Tensor mask, Tensor maps, int acceleration) {
    Tensor image = new SensReduce().apply(measured, maps);
    Standardization norm = Standardization.of(new ComplexToChannels().apply(image), 0);
    FeatureCascade.Context context =
        new FeatureCascade.Context(measured, mask, maps, norm, acceleration);
    Tensor features = encoder.encode(image, norm);
    for (FeatureCascade cascade : featureCascades) {
      Tensor next = cascade.update(features, context);
      features.drop();
      features = next;
    }
    Tensor kspace =
        Tape.checkpoint(
            "decode",
            in -> new Tensor[] {decode(in[0], in[1], new Standardization(in[2], in[3]))},
            features,
            maps,
            norm.mean(),
            norm.variance())[0];
    features.drop();
    return kspace;
  }

  private Tensor decode(Tensor features, Tensor maps, Standardization norm) {
    Tensor image = decoder.decode(InstanceNorm.PLAIN.apply(features), norm);
    return new SensExpand().apply(image, maps);
  }

  /** Encoder and decoder appear once more in every feature cascade. */
  @Override
  public Map<String, String> aliases() {
    Map<String, String> aliases = new LinkedHashMap<>();
    for (int i = 0; i < featureCascades.size(); i++) {
      for (String shared :
          List.of(
              "encoder.encoder.0.weight",
              "encoder.encoder.0.bias",
              "decoder.decoder.weight",
              "decoder.decoder.bias")) {
        aliases.put("feature_cascades." + i + "." + shared, shared);
      }
    }
    return aliases;
  }
}
