package dev.larmor.models.training;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.ImageVolume;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.loss.AnatomicalRegion;
import dev.larmor.models.metric.Metric;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Compares reconstructions with targets slice by slice: the leaderboard's SSIM, inside the target's
 * anatomical region, the data range being the volume's maximum.
 */
public final class Evaluation {
  /** One slice of a reconstruction beside its target, side × side pixels each. */
  public record Comparison(
      int slice,
      int side,
      float[] reconstruction,
      float[] target,
      float[] region,
      double dataRange,
      double ssim) {}

  /** Is given every slice of a volume, in order. */
  public interface Visitor {
    void slice(Comparison comparison);
  }

  private final Device device;

  /** Compares on {@code device}. */
  public Evaluation(Device device) {
    this.device = device;
  }

  /**
   * Compares one volume.
   *
   * @param entry a reconstruction with dataset {@code reconstruction} {@code F32[slices, S, S]},
   *     and a target with dataset {@code image_label} (or fastMRI's {@code reconstruction_rss}),
   *     like it, and attribute {@code max}
   * @return the SSIM of each slice
   * @throws DataException if a file is bad or the shapes differ
   */
  public double[] volume(Leaderboard.Entry entry, Visitor visitor) {
    Path reconstruction = entry.reconstruction();
    Path target = entry.target();
    try (Hdf5File made = Hdf5File.open(reconstruction);
        ImageVolume wanted = ImageVolume.open(target)) {
      Hdf5Dataset images = made.dataset(Reconstruction.DATASET);
      int side = wanted.size();
      long[] expected = {wanted.slices(), side, side};
      if (!Arrays.equals(images.shape(), expected) || !images.dtype().equals("F32")) {
        throw new DataException(
            "%s: '%s' is %s, the target in %s is F32%s"
                .formatted(
                    reconstruction, images.key(), images, target, Arrays.toString(expected)));
      }
      double[] ssim = new double[wanted.slices()];
      for (int slice = 0; slice < ssim.length; slice++) {
        float[] x = new float[side * side];
        float[] y = new float[side * side];
        images.readSlice(slice, x);
        wanted.readSlice(ImageVolume.Kind.LABEL, slice, y);
        Comparison comparison = compare(slice, x, y, side, wanted.max(), entry.anatomy());
        ssim[slice] = comparison.ssim();
        visitor.slice(comparison);
      }
      return ssim;
    }
  }

  /** Compares one slice. */
  public Comparison compare(
      int slice, float[] image, float[] target, int side, double dataRange, Anatomy anatomy) {
    TensorSpec spec = TensorSpec.of(DType.F32, 1, side, side);
    return Scope.run(() -> {
      Tensor x = device.tensor(spec, image);
      Tensor y = device.tensor(spec, target);
      double ssim = Metric.ANATOMICAL_SSIM.perSlice(x, y, dataRange, anatomy)[0];
      float[] region = AnatomicalRegion.of(y, anatomy).mask().toFloats();
      return new Comparison(slice, side, image, target, region, dataRange, ssim);
    });
  }
}
