package dev.larmor.models.cli;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import java.nio.file.Path;

/** Small images in a BIDS-like folder, a subject each, no two of a size. */
final class Heads {
  private Heads() {}

  static void write(Path folder, int count) {
    for (int i = 0; i < count; i++) {
      int[] shape = {14 + i, 18, 16};
      float[] values = new float[shape[0] * shape[1] * shape[2]];
      Philox noise = Philox.of(i, "noise");
      for (int v = 0; v < values.length; v++) {
        values[v] = (float) (100 + 50 * Math.sin(v * 0.1 * (i + 1)) + 3 * noise.normal(v));
      }
      double[] one = {1, 1, 1};
      Image3d.Place place =
          new Image3d.Place(one, new double[3], new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1});
      Path file = folder.resolve("sub-%02d/anat/sub-%02d_T1w.nii.gz".formatted(i, i));
      ImageFile.write(file, new Image3d(values, 1, shape, one, place), NumberType.FLOAT32);
    }
  }
}
