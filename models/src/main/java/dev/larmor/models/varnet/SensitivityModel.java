package dev.larmor.models.varnet;

import dev.larmor.autograd.Module;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.RssNormalize;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.nn.NormUnet;
import dev.larmor.models.nn.Precision;
import java.util.Arrays;

/**
 * Coil sensitivities from the fully sampled centre of k-space (Sriram et al. 2020, section 3.3):
 * the low-frequency image of each coil goes through one {@link NormUnet}, the coils as a batch, and
 * the maps are divided by their root sum of squares. A stage of its own.
 */
public final class SensitivityModel extends Module {
  private final NormUnet refine;

  /**
   * A model.
   *
   * @param chans channels of the U-Net's first level
   * @param pools how often the U-Net halves the size
   */
  public SensitivityModel(int chans, int pools, float dropout, Precision precision) {
    refine = child("norm_unet", new NormUnet(chans, pools, dropout, precision));
  }

  /**
   * The maps.
   *
   * @param kspace {@code C64[coils, H, W]}
   * @param mask its {@linkplain SamplingMask#lowFrequencies low frequencies} are used, the rest is
   *     left out
   * @return {@code C64[coils, H, W]}, Σ|S|² = 1 over coils
   */
  public Tensor estimate(Tensor kspace, SamplingMask mask) {
    return scoped(() -> Tape.checkpoint("", in -> new Tensor[] {maps(in[0], mask)}, kspace)[0]);
  }

  private Tensor maps(Tensor kspace, SamplingMask mask) {
    Tensor centre = new MaskColumns().apply(kspace, centre(kspace, mask));
    Tensor images = new Fft2(true, true).apply(centre);
    return new RssNormalize().apply(refine.apply(images));
  }

  private static Tensor centre(Tensor kspace, SamplingMask mask) {
    int start = mask.lowFrequencyStart();
    float[] columns = new float[mask.width()];
    Arrays.fill(columns, start, start + mask.lowFrequencies(), 1);
    return kspace.device().tensor(TensorSpec.of(DType.F32, columns.length), columns);
  }
}
