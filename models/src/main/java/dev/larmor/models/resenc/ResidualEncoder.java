package dev.larmor.models.resenc;

import dev.larmor.autograd.Layer;
import dev.larmor.autograd.Module;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The residual encoder of nnU-Net (Isensee et al., MICCAI 2024, "nnU-Net Revisited"): a stem and
 * stages of residual blocks, each stage but the first at half the size of the one before.
 *
 * <p>Every block is a stage that training may recompute: {@code stem}, {@code stages.0.blocks.0}, …
 */
public final class ResidualEncoder extends Module {
  /**
   * What the encoder looks like.
   *
   * @param channels of the input
   * @param features of each stage, the first of the stem too
   * @param blocks of each stage
   * @param precision what feature maps are kept in
   */
  public record Config(
      int channels, List<Integer> features, List<Integer> blocks, Precision precision) {
    /** ResEnc-L: 90,296,576 parameters. */
    public static final Config RES_ENC_L =
        new Config(
            1, List.of(32, 64, 128, 256, 320, 320), List.of(1, 3, 4, 6, 6, 6), Precision.FP32);

    public Config {
      features = List.copyOf(features);
      blocks = List.copyOf(blocks);
      if (channels < 1
          || features.isEmpty()
          || features.size() != blocks.size()
          || features.stream().anyMatch(n -> n < 1)
          || blocks.stream().anyMatch(n -> n < 1)) {
        throw new IllegalArgumentException(
            "channels %d, features %s and blocks %s: as many features as blocks, all at least 1"
                .formatted(channels, features, blocks));
      }
    }

    /**
     * How much smaller the deepest stage is than the input: its edges must be multiples of this.
     */
    public int reduction() {
      return 1 << features.size() - 1;
    }

    /** The sum of all stages' features. */
    public int totalFeatures() {
      return features.stream().mapToInt(Integer::intValue).sum();
    }
  }

  private final Config config;
  private final Layer stem;
  private final List<List<Layer>> stages = new ArrayList<>();

  public ResidualEncoder(Config config) {
    this.config = config;
    int in = config.features.getFirst();
    stem = child("stem.convs.0", new ConvUnit(config.channels, in, 3, 1, true, true));
    for (int s = 0; s < config.features.size(); s++) {
      List<Layer> blocks = new ArrayList<>();
      int out = config.features.get(s);
      for (int b = 0; b < config.blocks.get(s); b++) {
        int stride = s > 0 && b == 0 ? 2 : 1;
        String name = "stages.%d.blocks.%d".formatted(s, b);
        blocks.add(child(name, new ResidualBlock(in, out, stride)));
        in = out;
      }
      stages.add(blocks);
    }
  }

  /**
   * The outputs of all stages, finest first.
   *
   * @param x {@code F32[N, channels, D, H, W]}, edges multiples of {@link Config#reduction}, and at
   *     least twice that: normalisation needs more than one voxel
   * @return {@code [N, features, D/2ˢ, H/2ˢ, W/2ˢ]} for stage s, in the configuration's precision
   */
  public Tensor[] apply(Tensor x) {
    return scoped(() -> {
      Tensor[] outputs = new Tensor[stages.size()];
      Tensor y = stem.apply(config.precision.enter(x));
      for (int s = 0; s < outputs.length; s++) {
        for (Layer block : stages.get(s)) {
          Tensor next = block.apply(y);
          if (s == 0 || y != outputs[s - 1]) {
            y.drop();
          }
          y = next;
        }
        outputs[s] = y;
      }
      return outputs;
    });
  }
}
