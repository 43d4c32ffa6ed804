package dev.larmor.models.ssl.preprocess.plan;

import dev.larmor.models.io.AtomicFile;
import java.nio.file.Path;
import java.util.List;

/**
 * What planning needs to know of a collection: {@code {"spacings": [[s0, s1, s2], ...]}}.
 *
 * @param spacings for each image, in the collection's order, the distance of neighbouring voxels
 *     along axes 0, 1, 2 (z, y, x), in mm
 */
public record Fingerprint(List<List<Double>> spacings) {
  /** The file's name in the preprocessed data set's folder. */
  public static final String FILE = "dataset_fingerprint.json";

  /**
   * Checks the spacings.
   *
   * @throws IllegalArgumentException in a clause, if there is none or one is not of three positive
   *     numbers
   */
  public Fingerprint {
    if (spacings == null || spacings.isEmpty()) {
      throw new IllegalArgumentException("no spacings, expected those of at least one image");
    }
    for (int i = 0; i < spacings.size(); i++) {
      Spacings.check("spacings[" + i + "]", spacings.get(i));
    }
    spacings = spacings.stream().map(List::copyOf).toList();
  }

  /**
   * Reads a file.
   *
   * @throws dev.larmor.models.data.DataException if it is no fingerprint
   */
  public static Fingerprint read(Path file) {
    return IndentedJson.read(file, Fingerprint.class);
  }

  /** Writes it in the old file's place. */
  public void write(Path file) {
    AtomicFile.write(file, IndentedJson.write(this));
  }

  /** The median along each axis; between two, their mean. */
  public double[] median() {
    double[] median = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      int a = axis;
      double[] sorted = spacings.stream().mapToDouble(s -> s.get(a)).sorted().toArray();
      double low = sorted[(sorted.length - 1) / 2];
      double high = sorted[sorted.length / 2];
      median[axis] = high - (high - low) * 0.5;
    }
    return median;
  }
}
