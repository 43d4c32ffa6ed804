package dev.larmor.bench;

import dev.larmor.models.data.nifti.NiftiVolume;
import dev.larmor.models.ssl.preprocess.numerics.CubicResampling;
import dev.larmor.models.ssl.preprocess.numerics.SeparateAxis;
import dev.larmor.models.ssl.preprocess.numerics.TargetShape;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * The resampling of one volume to 1 mm, once for each line of standard input; {@code
 * ssl/resample_peer.py} does the same with scikit-image. Ends with a line of JSON whose sums tell
 * that both did the same.
 */
public final class ResampleProcess {
  private static final double[] TARGET = {1, 1, 1};

  private ResampleProcess() {}

  /** {@code IMAGE.nii.gz 1.2,1.2,1.2 THREADS}: the spacing along z, y, x is made believe. */
  public static void main(String[] args) throws IOException {
    NiftiVolume volume = NiftiVolume.read(Path.of(args[0]));
    int[] xyz = volume.shape();
    int[] from = {xyz[2], xyz[1], xyz[0]};
    float[] values = volume.values();
    double[] spacing = Arrays.stream(args[1].split(",")).mapToDouble(Double::parseDouble).toArray();
    int[] to = TargetShape.of(from, spacing, TARGET);
    OptionalInt separate = SeparateAxis.of(spacing, TARGET, null);
    Workers workers = new Workers(Integer.parseInt(args[2]));

    float[] result = {};
    for (int warmup = 0; warmup < 3; warmup++) {
      result = CubicResampling.resample(values, from, to, separate, workers);
    }
    System.out.println("ready");
    BufferedReader turns =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (turns.readLine() != null) {
      long start = System.nanoTime();
      result = CubicResampling.resample(values, from, to, separate, workers);
      System.out.printf(Locale.ROOT, "step %.6f%n", (System.nanoTime() - start) * 1e-9);
    }
    double sum = 0;
    double squares = 0;
    for (float value : result) {
      sum += value;
      squares += (double) value * value;
    }
    System.out.printf(
        Locale.ROOT,
        "{\"from\": %s, \"to\": %s, \"sum\": %.6f, \"sum of squares\": %.6f, \"VmHWM_kB\": %d}%n",
        Arrays.toString(from),
        Arrays.toString(to),
        sum,
        squares,
        BenchProcess.highWater());
  }
}
