package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.Philox;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.NumberType;
import java.nio.file.Path;

/**
 * Volumes whose class is known because it was planted: a bright ball anywhere in noise, {@code big}
 * or {@code small}.
 */
public final class PlantedCases {
  /** Voxels of 1 mm a side. */
  public static final int SIDE = 24;

  private PlantedCases() {}

  /** An image of a cube of voxels. */
  static Image3d image(float[] values, int[] shape, double... spacing) {
    double[] itk = {spacing[2], spacing[1], spacing[0]};
    double[] direction = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    Image3d.Place place = new Image3d.Place(itk, new double[3], direction);
    return new Image3d(values, 1, shape, spacing, place);
  }

  /** Writes a volume. */
  public static void write(Path file, float[] values, int... shape) {
    ImageFile.write(file, image(values, shape, 1, 1, 1), NumberType.FLOAT32);
  }

  /** Writes the volumes and their table, two images of each subject. */
  public static Path write(Path folder, int cases) {
    StringBuilder table = new StringBuilder("image,label,subject\n");
    for (int i = 0; i < cases; i++) {
      boolean big = i / 2 % 2 == 0;
      String name = "case_%02d.nii".formatted(i);
      write(folder.resolve(name), ball(i, big ? 7 : 3.5), SIDE, SIDE, SIDE);
      table.append("%s,%s,s%d\n".formatted(name, big ? "big" : "small", i / 2));
    }
    Path file = folder.resolve("cases.csv");
    AtomicFile.write(file, table.toString());
    return file;
  }

  private static float[] ball(int number, double radius) {
    Philox stream = Philox.of(7, "balls").with(number);
    double[] centre = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      centre[axis] = 8 + 8 * stream.uniform(axis);
    }
    float[] values = new float[SIDE * SIDE * SIDE];
    for (int i = 0; i < values.length; i++) {
      int[] at = {i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE};
      double squares = 0;
      for (int axis = 0; axis < 3; axis++) {
        squares += (at[axis] - centre[axis]) * (at[axis] - centre[axis]);
      }
      boolean inside = squares < radius * radius;
      values[i] = (float) ((inside ? 3 : 0) + 0.5 * stream.with("noise").normal(i));
    }
    return values;
  }
}
