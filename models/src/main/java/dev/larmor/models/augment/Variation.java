package dev.larmor.models.augment;

import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Rss;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.nn.CentreCrop;
import java.util.Optional;

/**
 * What is done to one sample: its intensities first, then its coils, then its geometry. Drawn once
 * and applied to k-space and target, so the two always agree.
 *
 * @param coils empty for the same
 */
public record Variation(Intensity intensity, Optional<Coils> coils, Geometry geometry) {
  /** Nothing is done. */
  public static final Variation NONE =
      new Variation(Intensity.SAME, Optional.empty(), Geometry.SAME);

  /** Whether nothing is done. */
  public boolean isNone() {
    return equals(NONE);
  }

  /**
   * The slice as it would look after these changes, in the current scope; the very same tensors if
   * there are none.
   *
   * <p>Intensities change the target's own pixels. Once coils change or pixels move, the target is
   * taken from the coil images again, as their root sum of squares: interpolating magnitudes is not
   * the same as interpolating coil images, where phases differ. A data set whose targets are made
   * in another way should not turn, stretch or move, nor have its coils changed.
   */
  public FullSlice apply(FullSlice slice, Anatomy anatomy) {
    if (isNone()) {
      return slice;
    }
    Tensor[] varied =
        Scope.run("augmentation", () -> apply(slice.kspace(), slice.target(), anatomy));
    return new FullSlice(varied[0], varied[1]);
  }

  private Tensor[] apply(Tensor kspace, Tensor target, Anatomy anatomy) {
    Tensor images = new Fft2(true, true).apply(kspace);
    if (!intensity.equals(Intensity.SAME)) {
      Tensor before = images;
      Tensor same = target;
      Tensor[] changed = Scope.run(() -> intensity.apply(before, same, anatomy));
      images = instead(before, changed[0]);
      target = changed[1];
    }
    if (coils.isPresent()) {
      Tensor before = images;
      images = instead(before, Scope.run(() -> coils.get().apply(before)));
    }
    if (!geometry.equals(Geometry.SAME)) {
      int height = images.shape().size(-2);
      int width = images.shape().size(-1);
      images = instead(images, geometry.resample(height, width).apply(images));
    }
    if (coils.isPresent() || !geometry.equals(Geometry.SAME)) {
      CentreCrop crop = new CentreCrop(target.shape().size(-2), target.shape().size(-1));
      target = crop.apply(new Rss().apply(images));
    }
    return new Tensor[] {new Fft2(false, true).apply(images), target};
  }

  /** Frees the images that others replace: with many coils they are what takes memory. */
  private static Tensor instead(Tensor images, Tensor others) {
    images.drop();
    return others;
  }
}
