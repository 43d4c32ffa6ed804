package dev.larmor.bench;

import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.Image3d.Place;
import dev.larmor.models.data.nifti.NiftiVolume;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Preprocessor;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import dev.larmor.models.ssl.preprocess.store.VolumeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * How fast one volume is preprocessed and written, how small its file is, and how many patches at
 * random places are read of it in a second. The file is in the page cache, and is opened anew for
 * each patch, as training does.
 */
public final class PatchReads {
  private static final int[][] PATCHES = {{160, 160, 160}, {192, 192, 64}, {64, 64, 64}};

  private PatchReads() {}

  /** {@code IMAGE.nii.gz 1.2,1.2,1.2 THREADS}: the spacing along z, y, x is made believe. */
  public static void main(String[] args) throws IOException {
    NiftiVolume volume = NiftiVolume.read(Path.of(args[0]));
    int[] xyz = volume.shape();
    double[] spacing = Arrays.stream(args[1].split(",")).mapToDouble(Double::parseDouble).toArray();
    int threads = Integer.parseInt(args[2]);
    Place place =
        new Place(volume.spacing(), new double[3], new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
    Image3d image =
        new Image3d(volume.values(), 1, new int[] {xyz[2], xyz[1], xyz[0]}, spacing, place);
    Fingerprint fingerprint = new Fingerprint(List.of(Arrays.stream(spacing).boxed().toList()));
    Preprocessor preprocessor =
        new Preprocessor(
            Plan.of("Dataset001_One", "SimpleITKIO", fingerprint),
            "onemmiso",
            new Workers(threads));
    Path path = Files.createTempFile("patches", VolumeFile.EXTENSION);
    try {
      for (int round = 0; round < 3; round++) {
        double cpu = cpuSeconds();
        long start = System.nanoTime();
        Preprocessed result = preprocessor.run(args[0], image, Map.of());
        long middle = System.nanoTime();
        VolumeFile.write(path, result);
        long end = System.nanoTime();
        System.out.printf(
            Locale.ROOT,
            "%s -> %s: preprocessed in %.3f s, written in %.3f s (%.3f s of CPU time), ratio %.2f%n",
            Arrays.toString(image.shape()),
            Arrays.toString(result.image().shape()),
            (middle - start) * 1e-9,
            (end - middle) * 1e-9,
            cpuSeconds() - cpu,
            4.0 * result.image().voxels() / Files.size(path));
      }
      for (int[] extent : PATCHES) {
        reads(path, extent, threads);
      }
    } finally {
      Files.delete(path);
    }
  }

  private static void reads(Path path, int[] extent, int threads) {
    for (int patches : new int[] {10, 60}) {
      double cpu = cpuSeconds();
      long start = System.nanoTime();
      new Workers(threads)
          .forEach(
              patches,
              () -> {
                float[] patch = new float[extent[0] * extent[1] * extent[2]];
                return p -> read(path, extent, new Random(p), patch);
              });
      double seconds = (System.nanoTime() - start) * 1e-9;
      if (patches == 60) {
        System.out.printf(
            Locale.ROOT,
            "%s: %.1f patches a second by %d threads, %.1f by each second of CPU time%n",
            Arrays.toString(extent),
            patches / seconds,
            threads,
            patches / (cpuSeconds() - cpu));
      }
    }
  }

  /** What the machine's other work does not change. */
  private static double cpuSeconds() {
    return ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() * 1e-9;
  }

  private static void read(Path path, int[] extent, Random random, float[] patch) {
    try (VolumeFile file = VolumeFile.open(path)) {
      int[] shape = file.shape();
      int[] start = new int[3];
      for (int axis = 0; axis < 3; axis++) {
        int room = shape[axis] - extent[axis];
        start[axis] = room >= 0 ? random.nextInt(room + 1) : room / 2;
      }
      file.patch(start, extent, 0, patch);
    }
  }
}
