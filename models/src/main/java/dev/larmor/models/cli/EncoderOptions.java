package dev.larmor.models.cli;

import dev.larmor.engine.Precision;
import dev.larmor.models.resenc.ResidualEncoder;
import java.util.List;
import picocli.CommandLine.Option;

/** What a 3-D encoder looks like. */
final class EncoderOptions {
  @Option(
      names = "--features",
      split = ",",
      defaultValue = "32,64,128,256,320,320",
      hideParamSyntax = true,
      paramLabel = "N[,N...]",
      description =
          "Features of the encoder's stages (default: those of ResEnc-L, ${DEFAULT-VALUE}).")
  private List<Integer> features;

  @Option(
      names = "--blocks",
      split = ",",
      defaultValue = "1,3,4,6,6,6",
      hideParamSyntax = true,
      paramLabel = "N[,N...]",
      description = "Residual blocks of the encoder's stages (default: ${DEFAULT-VALUE}).")
  private List<Integer> blocks;

  @Option(
      names = "--precision",
      defaultValue = "fp32",
      paramLabel = "P",
      description =
          "What the network computes in: fp32, tf32 (cards only), bf16 or fp16 (default: ${DEFAULT-VALUE}).")
  private String precision;

  /**
   * The precision alone.
   *
   * @throws IllegalArgumentException in one sentence, if there is no such precision
   */
  Precision precision() {
    return Precision.named(precision);
  }

  /**
   * The encoder asked for.
   *
   * @param channels of its input
   * @throws IllegalArgumentException in one sentence, if there is no such encoder
   */
  ResidualEncoder.Config config(int channels) {
    return new ResidualEncoder.Config(channels, features, blocks, precision());
  }
}
