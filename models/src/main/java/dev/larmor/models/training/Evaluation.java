package dev.larmor.models.training;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.fastmri.ImageStack;
import dev.larmor.models.data.fastmri.ImageVolume;
import dev.larmor.models.data.fastmri.KspaceVolume;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.loss.AnatomicalRegion;
import dev.larmor.models.metric.Quality;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Compares reconstructions and the baselines there are with targets, slice by slice: {@link
 * Quality} inside the target's anatomical region, the data range being the volume's maximum.
 */
public final class Evaluation {
  /** SSIM needs a window's width. */
  private static final int SMALLEST_IMAGE = 7;

  /** An image that was compared: side × side pixels. */
  public record Image(float[] pixels, Quality quality) {}

  /**
   * One slice: its target, the target's anatomical region, side × side pixels each, and the images
   * that were compared with it.
   */
  public record Comparison(
      int slice, int side, float[] target, float[] region, Map<Method, Image> images) {}

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
   *     like it, and attribute {@code max}. Baselines are the target file's {@code image_input} and
   *     {@code image_grappa}; without the former, the k-space file is reconstructed by {@link
   *     ZeroFilled}, with its own mask
   * @throws DataException if a file is bad, a pixel is NaN or infinite, or the shapes differ
   */
  public Score.Volume volume(Leaderboard.Entry entry, Visitor visitor) {
    try (Hdf5File made = Hdf5File.open(entry.reconstruction());
        ImageVolume wanted = ImageVolume.open(entry.target());
        KspaceVolume kspace = wanted.has(ImageVolume.Kind.INPUT) ? null : kspace(entry);
        ZeroFilled zeroFilled = new ZeroFilled()) {
      ImageStack targets = wanted.images(ImageVolume.Kind.LABEL);
      Map<Method, IntFunction<float[]>> sources = new EnumMap<>(Method.class);
      sources.put(Method.RECONSTRUCTION, reconstruction(entry, made, targets)::slice);
      if (wanted.has(ImageVolume.Kind.INPUT)) {
        sources.put(Method.ZERO_FILLED, wanted.images(ImageVolume.Kind.INPUT)::slice);
      } else if (kspace != null) {
        checkSlices(entry, kspace, targets);
        sources.put(
            Method.ZERO_FILLED, slice -> reconstruct(zeroFilled, kspace, slice, targets.size()));
      }
      if (wanted.has(ImageVolume.Kind.GRAPPA)) {
        sources.put(Method.GRAPPA, wanted.images(ImageVolume.Kind.GRAPPA)::slice);
      }
      List<Map<Method, Quality>> slices = new ArrayList<>();
      for (int slice = 0; slice < targets.slices(); slice++) {
        Comparison comparison = compare(slice, targets, sources, wanted.max(), entry.anatomy());
        Map<Method, Quality> qualities = new EnumMap<>(Method.class);
        comparison.images.forEach((method, image) -> qualities.put(method, image.quality));
        slices.add(qualities);
        visitor.slice(comparison);
      }
      return new Score.Volume(entry, List.copyOf(slices));
    }
  }

  private static KspaceVolume kspace(Leaderboard.Entry entry) {
    return entry.kspace().map(KspaceVolume::open).orElse(null);
  }

  private static ImageStack reconstruction(
      Leaderboard.Entry entry, Hdf5File made, ImageStack targets) {
    ImageStack images = ImageStack.of(made, Reconstruction.DATASET);
    Path target = entry.target();
    if (!images.isLike(targets)) {
      throw new DataException(
          "%s: '%s' is %s, the target in %s is %s"
              .formatted(entry.reconstruction(), images.key(), images, target, targets));
    }
    if (targets.size() < SMALLEST_IMAGE) {
      throw new DataException(
          "%s: '%s' is %s, SSIM needs images of at least %d x %d pixels"
              .formatted(target, targets.key(), targets, SMALLEST_IMAGE, SMALLEST_IMAGE));
    }
    return images;
  }

  private static void checkSlices(
      Leaderboard.Entry entry, KspaceVolume kspace, ImageStack targets) {
    if (kspace.slices() != targets.slices()) {
      throw new DataException(
          "%s: %d slices of k-space, but %d of images in %s"
              .formatted(
                  entry.kspace().orElseThrow(), kspace.slices(), targets.slices(), entry.target()));
    }
  }

  private float[] reconstruct(ZeroFilled zeroFilled, KspaceVolume kspace, int slice, int side) {
    float[] values = new float[kspace.floatsPerSlice()];
    kspace.readSlice(slice, values);
    TensorSpec spec = TensorSpec.of(DType.C64, kspace.coils(), kspace.height(), kspace.width());
    return Scope.run(() ->
        zeroFilled.reconstruct(device.tensor(spec, values), kspace.mask(), side, side).toFloats());
  }

  private Comparison compare(
      int slice,
      ImageStack targets,
      Map<Method, IntFunction<float[]>> sources,
      double max,
      Anatomy anatomy) {
    int side = targets.size();
    TensorSpec spec = TensorSpec.of(DType.F32, 1, side, side);
    float[] target = targets.slice(slice);
    return Scope.run(() -> {
      Tensor wanted = device.tensor(spec, target);
      AnatomicalRegion region = AnatomicalRegion.of(wanted, anatomy);
      Map<Method, Image> images = new EnumMap<>(Method.class);
      sources.forEach((method, source) -> {
        float[] pixels = source.apply(slice);
        Tensor image = device.tensor(spec, pixels);
        images.put(method, new Image(pixels, Quality.of(image, wanted, region, max)));
      });
      return new Comparison(slice, side, target, region.mask().toFloats(), images);
    });
  }
}
