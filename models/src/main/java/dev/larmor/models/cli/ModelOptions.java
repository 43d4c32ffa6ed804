package dev.larmor.models.cli;

import dev.larmor.engine.Precision;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.varnet.ModelConfig;
import dev.larmor.models.varnet.VarNet;
import picocli.CommandLine.Option;

/** Which network: the options have the original systems' names. */
final class ModelOptions {
  /** The networks by their names. */
  enum Kind {
    fivarnet,
    varnet
  }

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "${COMPLETION-CANDIDATES} (default: fivarnet).")
  Kind model;

  @Option(
      names = "--feature-cascades",
      paramLabel = "N",
      description = "Cascades in feature space (FI-VarNet; default: 8).")
  Integer featureCascades;

  @Option(
      names = "--image-cascades",
      paramLabel = "N",
      description = "Cascades in image space (default: 2 for FI-VarNet, 12 for VarNet).")
  Integer imageCascades;

  @Option(
      names = "--chans",
      paramLabel = "N",
      description = "Channels (default: 32 for FI-VarNet, 18 for VarNet).")
  Integer chans;

  @Option(
      names = "--unet-chans",
      paramLabel = "N",
      description = "Channels of the feature cascades' U-Nets (FI-VarNet; default: 32).")
  Integer unetChans;

  @Option(
      names = "--pools",
      paramLabel = "N",
      description = "How often U-Nets halve the size (default: 4).")
  Integer pools;

  @Option(
      names = "--sens-chans",
      paramLabel = "N",
      description = "Channels of the sensitivity model (default: 8).")
  Integer sensChans;

  @Option(
      names = "--sens-pools",
      paramLabel = "N",
      description = "How often its U-Net halves the size (default: 4).")
  Integer sensPools;

  @Option(
      names = "--attn-stride",
      paramLabel = "N",
      description = "Every n-th feature cascade has block attention (FI-VarNet; default: 0, none).")
  Integer attnStride;

  @Option(
      names = "--dropout",
      paramLabel = "P",
      description = "Probability that a channel is dropped in training (default: 0).")
  Float dropout;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description =
          "What the network computes in: fp32, tf32 (cards only), bf16 or fp16 (default: fp32).")
  String precision;

  /**
   * The network asked for; options that were not given become the defaults.
   *
   * @param defaults a network that was saved, or null for the published ones
   * @throws IllegalArgumentException in one sentence, if there is no such network
   */
  ModelConfig config(ModelConfig defaults) {
    ModelConfig config = like(defaults);
    switch (config) {
      case FiVarNet.Config c -> {
        model = Kind.fivarnet;
        featureCascades = c.featureCascades();
        imageCascades = c.imageCascades();
        chans = c.chans();
        unetChans = c.unetChans();
        pools = c.pools();
        sensChans = c.sensChans();
        sensPools = c.sensPools();
        attnStride = c.attnStride();
        dropout = c.dropout();
      }
      case VarNet.Config c -> {
        model = Kind.varnet;
        imageCascades = c.cascades();
        chans = c.chans();
        pools = c.pools();
        sensChans = c.sensChans();
        sensPools = c.sensPools();
        dropout = c.dropout();
      }
      default -> throw new IllegalArgumentException("no options for " + config);
    }
    precision = config.precision().label();
    return config;
  }

  /** The same, but the options stay as they were given: for several networks. */
  ModelConfig like(ModelConfig defaults) {
    Kind kind = model;
    if (kind == null) {
      kind = defaults instanceof VarNet.Config ? Kind.varnet : Kind.fivarnet;
    }
    return switch (kind) {
      case fivarnet ->
          fivarnet(defaults instanceof FiVarNet.Config c ? c : FiVarNet.Config.DEFAULT);
      case varnet -> varnet(defaults instanceof VarNet.Config c ? c : VarNet.Config.DEFAULT);
    };
  }

  private FiVarNet.Config fivarnet(FiVarNet.Config defaults) {
    return new FiVarNet.Config(
        or(featureCascades, defaults.featureCascades()),
        or(imageCascades, defaults.imageCascades()),
        or(chans, defaults.chans()),
        or(unetChans, defaults.unetChans()),
        or(pools, defaults.pools()),
        or(sensChans, defaults.sensChans()),
        or(sensPools, defaults.sensPools()),
        or(attnStride, defaults.attnStride()),
        or(dropout, defaults.dropout()),
        precision(defaults));
  }

  private VarNet.Config varnet(VarNet.Config defaults) {
    refuse(featureCascades, "--feature-cascades");
    refuse(unetChans, "--unet-chans");
    refuse(attnStride, "--attn-stride");
    return new VarNet.Config(
        or(imageCascades, defaults.cascades()),
        or(chans, defaults.chans()),
        or(pools, defaults.pools()),
        or(sensChans, defaults.sensChans()),
        or(sensPools, defaults.sensPools()),
        or(dropout, defaults.dropout()),
        precision(defaults));
  }

  private Precision precision(ModelConfig defaults) {
    return precision == null ? defaults.precision() : Precision.named(precision);
  }

  private static <T> T or(T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private static void refuse(Object value, String option) {
    if (value != null) {
      throw new IllegalArgumentException(option + " is not an option of --model varnet");
    }
  }
}
