package dev.larmor.models.ssl.adapt.segmentation.score;

import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Labels;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import dev.larmor.models.ssl.preprocess.numerics.NonZero;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How well one case was segmented.
 *
 * @param segmentation the file
 * @param classes the figures of each label but the background
 */
public record CaseScore(String name, Path segmentation, List<ClassScore> classes) {
  /**
   * Figures of one label.
   *
   * @param dice from 0 to 1; NaN if the label is neither there nor found
   * @param distance the 95th percentile of the surfaces' distances in mm; NaN if the label is not
   *     there or not found
   */
  public record ClassScore(double dice, double distance) {}

  public CaseScore {
    classes = List.copyOf(classes);
  }

  /** Compares a segmentation with the truth; both are of one grid. */
  public static CaseScore of(
      String name, Path segmentation, Image3d truth, Image3d found, Labels labels) {
    double[] dice = Overlap.dice(bytes(truth), bytes(found), labels.count());
    List<ClassScore> classes = new ArrayList<>();
    for (int label = 1; label < labels.count(); label++) {
      classes.add(new ClassScore(dice[label - 1], distance(truth, found, label)));
    }
    return new CaseScore(name, segmentation, classes);
  }

  private static byte[] bytes(Image3d labels) {
    byte[] bytes = new byte[labels.voxels()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) labels.values()[i];
    }
    return bytes;
  }

  /** Only the box that has all of the label in both is looked at. */
  private static double distance(Image3d truth, Image3d found, int label) {
    float[] either = new float[truth.voxels()];
    for (int i = 0; i < either.length; i++) {
      either[i] = truth.values()[i] == label || found.values()[i] == label ? 1 : 0;
    }
    Box box = NonZero.box(either, truth.shape());
    return new SurfaceDistance(box.shape(), truth.spacing())
        .percentile95(region(truth, box, label), region(found, box, label));
  }

  private static boolean[] region(Image3d labels, Box box, int label) {
    float[] values = box.crop(labels.values(), labels.shape());
    boolean[] region = new boolean[values.length];
    for (int i = 0; i < region.length; i++) {
      region[i] = values[i] == label;
    }
    return region;
  }
}
