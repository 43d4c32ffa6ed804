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
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/**
 * Reconstructs volumes with their own sampling masks.
 *
 * @param model placed on {@code device}
 * @param size rows and columns of the images where a volume has neither a target nor a header that
 *     tells
 * @param workers threads that read ahead
 * @param source what the images are made with, kept in the files: see {@link #isOf}
 */
public record Reconstruction(
    Device device, ReconstructionModel model, int size, int workers, String source) {
  /** The dataset in the files written. */
  public static final String DATASET = "reconstruction";

  /** The text attribute that tells the source. */
  private static final String SOURCE = "source";

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
   * Writes one volume's reconstruction: dataset {@code reconstruction}, {@code F32[slices, S, S]},
   * and what the k-space file tells of the scan. S is the target's, else the scan's own ({@link
   * KspaceVolume#imageSize}), else {@link #size}. The file appears when the volume is done, whole
   * or not at all.
   *
   * @param volume an index into {@link VolumeSet#volumes}
   * @param slice is told after every slice
   * @param stop asked after every slice; when true, the volume is dropped
   * @return whether the file was written
   * @throws dev.larmor.models.data.DataException if a slice cannot be read, or there is no target
   *     and a header that cannot be read
   */
  public boolean volume(
      VolumeSet input, int volume, Path file, Runnable slice, BooleanSupplier stop) {
    Volume of = input.volumes().get(volume);
    List<SliceIndex> slices =
        IntStream.range(0, of.slices()).mapToObj(s -> new SliceIndex(volume, s)).toList();
    try (KspaceVolume kspace = KspaceVolume.open(of.kspaceFile());
        SliceLoader loader =
            new SliceLoader(input, slices, MaskSource.ofFile(), BadFiles.FAIL, workers);
        Hdf5Writer writer = Hdf5Writer.replace(file)) {
      int side = of.imageFile().isPresent() ? of.imageSize() : kspace.imageSize().orElse(size);
      kspace.copyDescription(writer);
      writer.attribute(SOURCE, source);
      Hdf5Writer.SliceSink sink =
          writer.dataset(DATASET, Hdf5Writer.Element.F32, of.slices(), side, side);
      while (loader.hasNext()) {
        if (stop.getAsBoolean()) {
          return false;
        }
        sink.write(image(loader.next(), side));
        slice.run();
      }
      writer.commit();
      return true;
    }
  }

  /** Whether a reconstruction was made with the same source as this one would be. */
  public boolean isOf(Path file) {
    try (Hdf5File done = Hdf5File.open(file)) {
      return done.text(SOURCE).filter(source::equals).isPresent();
    }
  }

  /** Reconstructs one slice: S × S pixels. */
  public float[] image(Sample sample, int side) {
    return Scope.run(() ->
        model
            .reconstruct(TrainingStep.Slice.kspace(device, sample), sample.mask(), side, side)
            .toFloats());
  }
}
