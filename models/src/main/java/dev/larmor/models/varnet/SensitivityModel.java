package dev.larmor.models.varnet;

import dev.larmor.autograd.Module;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.RssNormalize;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.nn.NormUnet;
import java.util.Arrays;

/**
 * Coil sensitivities from the fully sampled centre of k-space (Sriram et al. 2020, section 3.3):
 * the low-frequency image of each coil goes through one {@link NormUnet}, and the maps are divided
 * by their root sum of squares.
 *
 * <p>The U-Net sees each coil by itself, so they go through it in groups, each a stage of its own
 * ({@code coils.0}, {@code coils.5}, …). All of 15 coils at once would hold twice the memory of any
 * cascade.
 *
 * <p>Its feature maps are F32 in every precision: the maps are all that this U-Net makes, not a
 * correction to something else, and every later stage multiplies by them. In bfloat16 it alone
 * makes two thirds of the error of the output.
 */
public final class SensitivityModel extends Module {
  private static final int COILS_AT_ONCE = 5;

  private final NormUnet refine;

  /**
   * A model.
   *
   * @param chans channels of the U-Net's first level
   * @param pools how often the U-Net halves the size
   */
  public SensitivityModel(int chans, int pools, float dropout) {
    refine = child("norm_unet", new NormUnet(chans, pools, dropout, Precision.FP32));
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
    return scoped(() -> {
      int coils = kspace.shape().size(0);
      Tensor[] refined = new Tensor[(coils + COILS_AT_ONCE - 1) / COILS_AT_ONCE];
      for (int g = 0; g < refined.length; g++) {
        int first = g * coils / refined.length;
        int count = (g + 1) * coils / refined.length - first;
        refined[g] =
            Tape.checkpoint(
                "coils." + first,
                in -> new Tensor[] {refined(new Narrow(0, first, count).apply(in[0]), mask)},
                kspace)[0];
      }
      Tensor maps = refined.length == 1 ? refined[0] : new Concat(0).apply(refined);
      return new RssNormalize().apply(maps);
    });
  }

  /** The low-frequency images of some coils, refined. */
  private Tensor refined(Tensor kspace, SamplingMask mask) {
    Tensor centre = new MaskColumns().apply(kspace, centre(kspace, mask));
    return refine.apply(new Fft2(true, true).apply(centre));
  }

  private static Tensor centre(Tensor kspace, SamplingMask mask) {
    int start = mask.lowFrequencyStart();
    float[] columns = new float[mask.width()];
    Arrays.fill(columns, start, start + mask.lowFrequencies(), 1);
    return kspace.device().tensor(TensorSpec.of(DType.F32, columns.length), columns);
  }
}
