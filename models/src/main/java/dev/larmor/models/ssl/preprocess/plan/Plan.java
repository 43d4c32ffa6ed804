package dev.larmor.models.ssl.preprocess.plan;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How a collection is preprocessed, key by key as in {@value #FILE}.
 *
 * @param datasetName {@code DatasetXXX_Name}
 * @param plansName {@value #NAME}, where it was made by {@link #of}
 * @param originalMedianSpacingAfterTransp the fingerprint's median spacing in the order of {@code
 *     transposeForward}, in mm
 * @param imageReaderWriter which of the original's readers the files are for
 * @param transposeForward the order in which the axes of every image are put
 * @param transposeBackward the order that undoes it
 * @param configurations by name, in the file's order
 * @param experimentPlannerUsed who made the plan
 */
public record Plan(
    String datasetName,
    String plansName,
    List<Double> originalMedianSpacingAfterTransp,
    String imageReaderWriter,
    List<Integer> transposeForward,
    List<Integer> transposeBackward,
    Map<String, Configuration> configurations,
    String experimentPlannerUsed) {
  /** The file's name in the preprocessed data set's folder. */
  public static final String FILE = "nnsslPlans.json";

  private static final String NAME = "nnsslPlans";

  /**
   * Checks every key.
   *
   * @throws IllegalArgumentException in a clause that names the key, what it is and what is
   *     expected
   */
  public Plan {
    if (datasetName == null || plansName == null) {
      throw new IllegalArgumentException("dataset_name or plans_name is null");
    }
    Spacings.check("original_median_spacing_after_transp", originalMedianSpacingAfterTransp);
    originalMedianSpacingAfterTransp = List.copyOf(originalMedianSpacingAfterTransp);
    AxisOrder forward = order("transpose_forward", transposeForward);
    AxisOrder backward = order("transpose_backward", transposeBackward);
    if (!backward.equals(forward.inverse())) {
      throw new IllegalArgumentException(
          "transpose_backward is %s, expected %s, which undoes transpose_forward"
              .formatted(transposeBackward, forward.inverse().axes()));
    }
    transposeForward = forward.axes();
    transposeBackward = backward.axes();
    if (configurations == null || configurations.isEmpty()) {
      throw new IllegalArgumentException("configurations is empty");
    }
    configurations.forEach((name, configuration) -> {
      if (configuration == null) {
        throw new IllegalArgumentException("configurations." + name + " is null");
      }
    });
    configurations = Collections.unmodifiableMap(new LinkedHashMap<>(configurations));
  }

  private static AxisOrder order(String key, List<Integer> axes) {
    try {
      return new AxisOrder(axes);
    } catch (IllegalArgumentException | NullPointerException e) {
      throw new IllegalArgumentException(
          key + " is " + axes + ", expected the axes 0, 1, 2 in some order", e);
    }
  }

  /**
   * Plans {@code median}, {@code onemmiso} and {@code noresample}: the axis with the greatest
   * median spacing goes first.
   *
   * @param reader the name of the original's reader, such as {@code SimpleITKIO}
   */
  public static Plan of(String datasetName, String reader, Fingerprint fingerprint) {
    double[] spacing = fingerprint.median();
    AxisOrder forward = AxisOrder.coarsestFirst(spacing);
    List<Double> median = Arrays.stream(forward.of(spacing)).boxed().toList();
    Map<String, Configuration> configurations = new LinkedHashMap<>();
    configurations.put(
        "median", Configuration.standard(NAME, "median", SpacingStyle.MEDIAN, median));
    configurations.put(
        "onemmiso",
        Configuration.standard(NAME, "onemmiso", SpacingStyle.ONE_MM_ISO, List.of(1.0, 1.0, 1.0)));
    configurations.put(
        "noresample", Configuration.standard(NAME, "noresample", SpacingStyle.NO_RESAMPLE, null));
    return new Plan(
        datasetName,
        NAME,
        median,
        reader,
        forward.axes(),
        forward.inverse().axes(),
        configurations,
        "ExperimentPlanner");
  }

  /**
   * Reads a file.
   *
   * @throws DataException in a sentence that names the file and the key, if it is no plan
   */
  public static Plan read(Path file) {
    return IndentedJson.read(file, Plan.class);
  }

  /** Writes it in the old file's place. */
  public void write(Path file) {
    AtomicFile.write(file, IndentedJson.write(this));
  }

  /** The order in which the axes of every image are put. */
  public AxisOrder axes() {
    return new AxisOrder(transposeForward);
  }

  /**
   * One of the configurations.
   *
   * @throws DataException if there is none of that name
   */
  public Configuration configuration(String name) {
    Configuration configuration = configurations.get(name);
    if (configuration == null) {
      throw new DataException(
          "%s of %s: no configuration '%s', expected one of %s"
              .formatted(plansName, datasetName, name, configurations.keySet()));
    }
    return configuration;
  }

  /**
   * What a network was trained with: one configuration alone.
   *
   * @param patchSize the extents of what the network was given
   * @throws DataException if there is none of that name
   */
  public Plan trained(String configuration, List<Integer> patchSize) {
    return new Plan(
        datasetName,
        plansName,
        originalMedianSpacingAfterTransp,
        imageReaderWriter,
        transposeForward,
        transposeBackward,
        Map.of(configuration, configuration(configuration).withPatchSize(patchSize)),
        experimentPlannerUsed);
  }
}
