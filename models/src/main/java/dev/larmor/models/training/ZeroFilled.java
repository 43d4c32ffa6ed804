package dev.larmor.models.training;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MaskColumns;
import dev.larmor.engine.op.Rss;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.nn.CentreCrop;
import dev.larmor.models.varnet.ReconstructionModel;

/**
 * The baseline without a network: columns that were not sampled are zero, and the image is the root
 * sum of squares over coils.
 */
public final class ZeroFilled extends ReconstructionModel {
  @Override
  public Tensor reconstruct(Tensor kspace, SamplingMask mask, int height, int width) {
    return scoped(() -> {
      Tensor measured = new MaskColumns().apply(kspace, columns(mask, kspace, 1));
      Tensor image = new Rss().apply(new Fft2(true, true).apply(measured));
      return new CentreCrop(height, width).apply(image);
    });
  }
}
