package dev.larmor.models.training;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.models.data.fastmri.KspaceVolume;
import dev.larmor.models.data.fastmri.MaskSource;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.SliceIndex;
import dev.larmor.models.data.fastmri.SliceLoader;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.data.fastmri.VolumeSet;
import dev.larmor.models.data.fastmri.VolumeSet.BadFiles;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.varnet.ReconstructionModel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Turns slices into images, and images into files.
 *
 * @param size rows and columns of the images where a volume has neither a target nor a header that
 *     tells
 * @param workers threads that read ahead
 */
public record Reconstruction(Device device, int size, int workers) {
  /** The dataset in the files written. */
  public static final String DATASET = "reconstruction";

  /** The text attribute that tells the source. */
  private static final String SOURCE = "source";

  /** The number of networks whose images were averaged. */
  private static final String MEMBERS = "members";

  /** Is given the images of slices in order. */
  public interface Visitor {
    /** An image of the sample, S × S pixels, to keep; the sample's arrays are filled anew. */
    void image(Sample sample, float[] pixels);
  }

  public Reconstruction {
    if (size < 1 || workers < 1) {
      throw new IllegalArgumentException(
          "the image size and the number of workers must be at least 1, not "
              + size
              + " and "
              + workers);
    }
  }

  /**
   * The side S of a volume's images: the target's, else the scan's own ({@link
   * KspaceVolume#imageSize}), else {@link #size}.
   *
   * @throws dev.larmor.models.data.DataException if there is no target, and a header that cannot be
   *     read
   */
  public int side(Volume volume) {
    if (volume.imageFile().isPresent()) {
      return volume.imageSize();
    }
    try (KspaceVolume kspace = KspaceVolume.open(volume.kspaceFile())) {
      return kspace.imageSize().orElse(size);
    }
  }

  /**
   * Reconstructs slices.
   *
   * @param model placed on the device
   * @param stop asked before every slice
   * @return whether all were reconstructed, not stopped
   * @throws dev.larmor.models.data.DataException if a slice cannot be read
   */
  public boolean images(
      ReconstructionModel model,
      VolumeSet input,
      List<SliceIndex> slices,
      MaskSource masks,
      Visitor visitor,
      BooleanSupplier stop) {
    Map<Volume, Integer> sides = new HashMap<>();
    try (SliceLoader loader = new SliceLoader(input, slices, masks, BadFiles.FAIL, workers)) {
      while (loader.hasNext()) {
        if (stop.getAsBoolean()) {
          return false;
        }
        Sample sample = loader.next();
        int side = sides.computeIfAbsent(sample.volume(), this::side);
        visitor.image(sample, image(model, sample, side));
        loader.recycle(sample);
      }
      return true;
    }
  }

  /** Reconstructs one slice: S × S pixels. */
  public float[] image(ReconstructionModel model, Sample sample, int side) {
    return Scope.run(() ->
        model
            .reconstruct(TrainingStep.Slice.kspace(device, sample), sample.mask(), side, side)
            .toFloats());
  }

  /** Writes what one network makes of a volume with the mask of its file: see {@link #write}. */
  public void volume(
      ReconstructionModel model, VolumeSet input, int volume, Path file, String source) {
    Volume of = input.volumes().get(volume);
    float[][] images = new float[of.slices()][];
    images(
        model,
        input,
        IntStream.range(0, of.slices()).mapToObj(s -> new SliceIndex(volume, s)).toList(),
        MaskSource.ofFile(),
        (sample, pixels) -> images[sample.slice()] = pixels,
        () -> false);
    write(of, file, source, 1, slice -> images[slice]);
  }

  /**
   * Writes one volume's reconstruction: dataset {@code reconstruction}, {@code F32[slices, S, S]},
   * and what the k-space file tells of the scan. The file appears whole or not at all.
   *
   * @param source what the images are made with, kept in the file: see {@link #members}
   * @param members how many networks' images were averaged
   * @param images the image of each slice, S × S pixels
   */
  public void write(
      Volume volume, Path file, String source, int members, IntFunction<float[]> images) {
    int side = side(volume);
    try (KspaceVolume kspace = KspaceVolume.open(volume.kspaceFile());
        Hdf5Writer writer = Hdf5Writer.replace(file)) {
      kspace.copyDescription(writer);
      writer.attribute(SOURCE, source);
      writer.attribute(MEMBERS, (long) members);
      Hdf5Writer.SliceSink sink =
          writer.dataset(DATASET, Hdf5Writer.Element.F32, volume.slices(), side, side);
      for (int slice = 0; slice < volume.slices(); slice++) {
        sink.write(images.apply(slice));
      }
      writer.commit();
    }
  }

  /**
   * How many networks' images a reconstruction averages, 1 where the file does not tell; empty if
   * it was not made with this source.
   */
  public static OptionalInt members(Path file, String source) {
    try (Hdf5File done = Hdf5File.open(file)) {
      return done.text(SOURCE).filter(source::equals).isPresent()
          ? OptionalInt.of((int) done.number(MEMBERS).orElse(1))
          : OptionalInt.empty();
    }
  }
}
