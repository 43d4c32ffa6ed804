package dev.larmor.models.varnet;

import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.Rss;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.nn.CentreCrop;
import java.util.ArrayList;
import java.util.List;

/**
 * The end-to-end variational network (Sriram et al. 2020): coil sensitivities, {@link
 * ImageCascade}s, root sum of squares.
 *
 * <p>Stages that training may recompute: {@code sens_net.coils.0}, …, {@code cascades.0}, {@code
 * cascades.1}, …
 */
public final class VarNet extends ReconstructionModel {
  /**
   * What the network looks like.
   *
   * @param cascades number of cascades
   * @param chans channels of the cascades' U-Nets at full size
   * @param pools how often they halve the size
   * @param sensChans channels of the sensitivity model's U-Net at full size
   * @param sensPools how often that halves the size
   * @param dropout probability that a channel is dropped in a training step
   * @param precision what the cascades' U-Nets compute in
   */
  public record Config(
      int cascades,
      int chans,
      int pools,
      int sensChans,
      int sensPools,
      float dropout,
      Precision precision)
      implements ModelConfig {
    /** Twelve cascades of 18 channels, as published. */
    public static final Config DEFAULT = new Config(12, 18, 4, 8, 4, 0, Precision.FP32);

    public Config {
      ModelConfig.atLeast("cascades", cascades, 1);
      ModelConfig.atLeast("chans", chans, 1);
      ModelConfig.pools("pools", pools);
      ModelConfig.atLeast("sens_chans", sensChans, 1);
      ModelConfig.pools("sens_pools", sensPools);
      ModelConfig.probability("dropout", dropout);
    }

    @Override
    public String architecture() {
      return "varnet_i" + cascades + "_c" + chans + "_s" + sensChans;
    }

    @Override
    public VarNet build() {
      return new VarNet(this);
    }
  }

  private final SensitivityModel sensitivities;
  private final List<ImageCascade> cascades = new ArrayList<>();

  public VarNet(Config config) {
    sensitivities =
        child("sens_net", new SensitivityModel(config.sensChans, config.sensPools, config.dropout));
    for (int i = 0; i < config.cascades; i++) {
      cascades.add(
          child(
              "cascades." + i,
              new ImageCascade(config.chans, config.pools, config.dropout, config.precision)));
    }
  }

  @Override
  public Tensor reconstruct(Tensor kspace, SamplingMask mask, int height, int width) {
    return scoped(() -> {
      Tensor columns = columns(mask, kspace, 1);
      Tensor measured = new MaskColumns().apply(kspace, columns);
      Tensor maps = sensitivities.estimate(measured, mask);
      Tensor k = measured;
      for (ImageCascade cascade : cascades) {
        Tensor next = cascade.update(k, measured, columns, maps);
        if (k != measured) {
          k.drop();
        }
        k = next;
      }
      Tensor image = new Rss().apply(new Fft2(true, true).apply(k));
      return new CentreCrop(height, width).apply(image);
    });
  }
}
