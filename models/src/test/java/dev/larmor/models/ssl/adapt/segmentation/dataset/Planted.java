package dev.larmor.models.ssl.adapt.segmentation.dataset;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.NumberType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A data set of two channels in nnU-Net's layout: bright balls and dark boxes in noise; the first
 * channel shows the balls, the second the boxes.
 */
public final class Planted {
  public static final Image3d.Place PLACE =
      new Image3d.Place(
          new double[] {1, 1.5, 2},
          new double[] {-5, 7, 11},
          new double[] {-1, 0, 0, 0, 0, 1, 0, 1, 0});

  private Planted() {}

  /** Writes so many cases of 20 × 24 × 26 voxels: "case0", "case1" and so on. */
  public static Path write(Path folder, int cases) throws IOException {
    Files.createDirectories(folder.resolve("imagesTr"));
    Files.createDirectories(folder.resolve("labelsTr"));
    Files.writeString(
        folder.resolve("dataset.json"),
        """
        {"channel_names": {"0": "T1", "1": "T2"},
         "labels": {"background": 0, "ball": 1, "box": 2},
         "numTraining": %d, "file_ending": ".nii.gz"}
        """
            .formatted(cases));
    for (int i = 0; i < cases; i++) {
      write(folder, "case" + i, i);
    }
    return folder;
  }

  private static void write(Path folder, String name, int seed) {
    int[] shape = {20, 24, 26};
    Philox places = Philox.of(seed, "places");
    Philox noise = Philox.of(seed, "noise");
    int c0 = 6 + places.below(3, 0);
    int c1 = 7 + places.below(9, 1);
    int c2 = 7 + places.below(4, 2);
    int b0 = 10 + places.below(3, 3);
    int b1 = 4 + places.below(8, 4);
    int b2 = 15 + places.below(2, 5);
    float[] first = new float[shape[0] * shape[1] * shape[2]];
    float[] second = new float[first.length];
    float[] labels = new float[first.length];
    int at = 0;
    for (int i0 = 0; i0 < shape[0]; i0++) {
      for (int i1 = 0; i1 < shape[1]; i1++) {
        for (int i2 = 0; i2 < shape[2]; i2++, at++) {
          boolean ball = (i0 - c0) * (i0 - c0) + (i1 - c1) * (i1 - c1) + (i2 - c2) * (i2 - c2) < 26;
          boolean box =
              i0 >= b0 && i0 < b0 + 6 && i1 >= b1 && i1 < b1 + 8 && i2 >= b2 && i2 < b2 + 7;
          labels[at] = ball ? 1 : box ? 2 : 0;
          first[at] = (float) (5 + (ball ? 4 : 0) + 0.5 * noise.normal(2L * at));
          second[at] = (float) (9 - (box ? 4 : 0) + 0.5 * noise.normal(2L * at + 1));
        }
      }
    }
    save(folder.resolve("imagesTr").resolve(name + "_0000.nii.gz"), first, shape);
    save(folder.resolve("imagesTr").resolve(name + "_0001.nii.gz"), second, shape);
    save(folder.resolve("labelsTr").resolve(name + ".nii.gz"), labels, shape);
  }

  /** Writes an image on this data set's grid. */
  public static void save(Path file, float[] values, int[] shape) {
    Image3d image = new Image3d(values, 1, shape, new double[] {2, 1.5, 1}, PLACE);
    ImageFile.write(file, image, NumberType.FLOAT32);
  }
}
