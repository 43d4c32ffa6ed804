package dev.larmor.models.varnet;

import dev.larmor.autograd.Module;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.SamplingMask;
import java.util.Map;

/** A network from undersampled multi-coil k-space to the magnitude image of one slice. */
public abstract class ReconstructionModel extends Module {
  /**
   * Reconstructs a slice.
   *
   * @param kspace {@code C64[coils, H, W]}, centred; columns that the mask leaves out are ignored
   * @param mask the sampled columns, W of them
   * @param height rows of the image, cropped or zero-padded about the centre
   * @param width columns of the image
   * @return {@code F32[1, height, width]}
   */
  public abstract Tensor reconstruct(Tensor kspace, SamplingMask mask, int height, int width);

  /**
   * Other names that checkpoints of the usual PyTorch implementations have for parameters shared by
   * several modules: from each such name to the parameter's own.
   */
  public Map<String, String> aliases() {
    return Map.of();
  }

  /**
   * The mask as a tensor {@code F32[W]}, for these columns of k-space.
   *
   * @throws IllegalArgumentException if k-space has another number of columns or is not {@code
   *     C64[coils, H, W]}
   */
  protected static Tensor columns(SamplingMask mask, Tensor kspace, float sampled) {
    if (kspace.dtype() != DType.C64 || kspace.shape().rank() != 3) {
      throw new IllegalArgumentException("k-space must be C64[coils, H, W]: " + kspace.spec());
    }
    if (mask.width() != kspace.shape().dim(-1)) {
      throw new IllegalArgumentException(
          "the mask has "
              + mask.width()
              + " columns, the k-space "
              + kspace.spec()
              + " has "
              + kspace.shape().dim(-1));
    }
    float[] columns = mask.columns();
    for (int i = 0; i < columns.length; i++) {
      columns[i] *= sampled;
    }
    return tensor(kspace.device(), columns);
  }

  private static Tensor tensor(Device device, float[] values) {
    return device.tensor(TensorSpec.of(DType.F32, values.length), values);
  }
}
