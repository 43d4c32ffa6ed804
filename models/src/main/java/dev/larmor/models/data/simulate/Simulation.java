package dev.larmor.models.data.simulate;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Rss;
import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.hdf5.Hdf5Writer.Element;
import dev.larmor.models.data.hdf5.Hdf5Writer.SliceSink;
import dev.larmor.models.data.nifti.NiftiVolume;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Makes k-space data sets in the challenge's layout from anatomical images.
 *
 * <p>Each image is one subject and belongs to one split. A subject gives one volume for each
 * acceleration, of slices from its own part of the head, so that no slice occurs twice. Training
 * and validation volumes hold full k-space and a mask; those of the leaderboard are undersampled
 * and have the zero-filled image beside the target.
 *
 * <p>The target is computed from the very k-space in the file, noise and rounding included.
 */
public final class Simulation {
  private final SimulationSettings settings;
  private final Device device;

  /**
   * @param settings what the data are like
   * @param device computes the Fourier transforms
   */
  public Simulation(SimulationSettings settings, Device device) {
    this.settings = settings;
    this.device = device;
  }

  /**
   * Writes a data set: {@code train}, {@code val} and {@code leaderboard/acc<R>}, each with {@code
   * kspace} and {@code image}.
   *
   * @param folder where to; files of the same names are replaced
   * @param train NIfTI files of the training subjects
   * @param validation of the validation subjects
   * @param leaderboard of the test subjects
   * @param progress is told each file written
   * @throws DataException if a file cannot be used or occurs in two splits
   */
  public void dataSet(
      Path folder,
      List<Path> train,
      List<Path> validation,
      List<Path> leaderboard,
      Consumer<Path> progress) {
    Map<Path, String> splits = new HashMap<>();
    claim(splits, "train", train);
    claim(splits, "val", validation);
    claim(splits, "leaderboard", leaderboard);
    if (splits.isEmpty()) {
      throw new DataException("no image given to simulate from");
    }
    int number = 1;
    for (Path subject : train) {
      write(subject, folder.resolve("train"), number++, false, progress);
    }
    for (Path subject : validation) {
      write(subject, folder.resolve("val"), number++, false, progress);
    }
    number = 1;
    for (Path subject : leaderboard) {
      write(subject, folder.resolve("leaderboard"), number++, true, progress);
    }
  }

  private static void claim(Map<Path, String> splits, String split, List<Path> files) {
    for (Path file : files) {
      Path real;
      try {
        real = file.toRealPath();
      } catch (IOException e) {
        throw new DataException(file + ": no such file", e);
      }
      String other = splits.putIfAbsent(real, split);
      if (other != null) {
        throw new DataException(
            "%s: given twice, for %s and %s: a subject belongs to one split, once"
                .formatted(file, other, split));
      }
    }
  }

  private void write(Path image, Path folder, int number, boolean test, Consumer<Path> progress) {
    Subject subject = new Subject(NiftiVolume.read(image), image.toString());
    String label = settings.anatomy().label();
    for (int part = 0; part < settings.accelerations().size(); part++) {
      int r = settings.accelerations().get(part);
      Path split = test ? folder.resolve("acc" + r) : folder;
      String name = test ? label + "_test" + number : label + "_acc" + r + "_" + number;
      String identity = folder.getFileName() + "/acc" + r + "/" + name;
      SimulatedScan scan = new SimulatedScan(settings, subject, identity, part);
      Path kspaceFile = split.resolve("kspace").resolve(name + ".h5");
      Path imageFile = split.resolve("image").resolve(name + ".h5");
      try (Hdf5Writer kspace = Hdf5Writer.replace(kspaceFile);
          Hdf5Writer images = Hdf5Writer.replace(imageFile)) {
        String source = image.getFileName().toString();
        kspace.attribute("acceleration", r);
        kspace.attribute("source", source);
        images.attribute("source", source);
        write(scan, test, kspace, images);
        kspace.commit();
        images.commit();
      }
      progress.accept(kspaceFile);
      progress.accept(imageFile);
    }
  }

  private void write(SimulatedScan scan, boolean test, Hdf5Writer kspace, Hdf5Writer images) {
    int slices = settings.slices();
    int size = settings.crop();
    kspace.vector("mask", scan.mask().columns());
    SliceSink kspaceSink =
        kspace.dataset(
            "kspace", Element.C64, slices, settings.coils(), settings.height(), settings.width());
    SliceSink labelSink = images.dataset("image_label", Element.F32, slices, size, size);
    SliceSink inputSink =
        test ? images.dataset("image_input", Element.F32, slices, size, size) : null;
    float max = 0;
    for (int s = 0; s < slices; s++) {
      float[] full = fourier(scan.coilImages(s));
      scan.addNoise(s, full);
      float[] label = image(full);
      for (float pixel : label) {
        max = Math.max(max, pixel);
      }
      labelSink.write(label);
      if (test) {
        float[] masked = masked(full, scan.mask());
        inputSink.write(image(masked));
        kspaceSink.write(masked);
      } else {
        kspaceSink.write(full);
      }
    }
    images.attribute("max", max);
  }

  private TensorSpec kspaceSpec() {
    return TensorSpec.of(DType.C64, settings.coils(), settings.height(), settings.width());
  }

  /** Coil images to k-space. */
  private float[] fourier(float[] coilImages) {
    float[][] kspace = new float[1][];
    Scope.run(() -> {
      Tensor images = device.tensor(kspaceSpec(), coilImages);
      kspace[0] = new Fft2(false, true).apply(images).toFloats();
    });
    return kspace[0];
  }

  /** The root-sum-of-squares image of k-space, cropped at the centre. */
  private float[] image(float[] kspace) {
    int size = settings.crop();
    int top = (settings.height() - size) / 2;
    int left = (settings.width() - size) / 2;
    float[][] image = new float[1][];
    Scope.run(() -> {
      Tensor coils = new Fft2(true, true).apply(device.tensor(kspaceSpec(), kspace));
      Tensor rss = new Rss().apply(coils);
      image[0] = new Crop(List.of(top, left), List.of(size, size)).apply(rss).toFloats();
    });
    return image[0];
  }

  private static float[] masked(float[] kspace, SamplingMask mask) {
    float[] masked = kspace.clone();
    int width = mask.width();
    for (int i = 0; i < masked.length / 2; i++) {
      if (!mask.sampled(i % width)) {
        masked[2 * i] = 0;
        masked[2 * i + 1] = 0;
      }
    }
    return masked;
  }
}
