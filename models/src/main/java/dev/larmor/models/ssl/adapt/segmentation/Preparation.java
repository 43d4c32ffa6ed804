package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.ssl.adapt.segmentation.dataset.Case;
import dev.larmor.models.ssl.collection.JsonPlace;
import dev.larmor.models.ssl.preprocess.MaskKind;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Preprocessor;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Configuration;
import dev.larmor.models.ssl.preprocess.plan.Configuration.Resampling;
import dev.larmor.models.ssl.preprocess.plan.Fingerprint;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import dev.larmor.models.ssl.preprocess.plan.SpacingStyle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How the images of a segmentation are made ready: axes in one order, cropped to what is not zero,
 * z-scores, one spacing; labels with them.
 *
 * @param spacing to resample to, in mm, in the new order of axes; empty to leave it
 * @param channels of each image
 */
public record Preparation(AxisOrder axes, Optional<List<Double>> spacing, int channels) {
  private static final String NAME = "3d_fullres";
  private static final List<Double> ONE_MM = List.of(1.0, 1.0, 1.0);

  /**
   * Checks the spacing.
   *
   * @throws IllegalArgumentException in one sentence, if it is none
   */
  public Preparation {
    spacing.ifPresent(Preparation::check);
  }

  private static void check(List<Double> spacing) {
    if (spacing.size() != 3 || spacing.stream().anyMatch(s -> !(s > 0) || s.isInfinite())) {
      throw new IllegalArgumentException("spacing is " + spacing + ", expected 3 positive numbers");
    }
  }

  /**
   * The preparation for a data set.
   *
   * @param cases of the data set; their spacings are read where they matter
   * @param given spacing, in the files' order of axes, for {@link SpacingMode#fixed}; or null for 1
   *     mm
   * @param pretrained the checkpoint that the encoder's weights come from; or null
   */
  public static Preparation of(
      SpacingMode mode, List<Case> cases, List<Double> given, Path pretrained, int channels) {
    return switch (mode) {
      case fixed -> to(Optional.of(given == null ? ONE_MM : given), channels);
      case like_pretrained -> to(pretrained(pretrained), channels);
      case default_nnunet -> to(Optional.of(median(cases)), channels);
      case no_resample ->
          new Preparation(
              AxisOrder.coarsestFirst(array(median(cases))), Optional.empty(), channels);
    };
  }

  private static Preparation to(Optional<List<Double>> spacing, int channels) {
    if (spacing.isEmpty()) {
      return new Preparation(AxisOrder.IDENTITY, spacing, channels);
    }
    check(spacing.get());
    AxisOrder axes = AxisOrder.coarsestFirst(array(spacing.get()));
    double[] turned = axes.of(array(spacing.get()));
    return new Preparation(axes, Optional.of(Arrays.stream(turned).boxed().toList()), channels);
  }

  private static double[] array(List<Double> spacing) {
    return spacing.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static List<Double> median(List<Case> cases) {
    List<List<Double>> spacings =
        cases.stream()
            .map(one -> ImageFile.read(one.images().getFirst()).spacing())
            .map(spacing -> Arrays.stream(spacing).boxed().toList())
            .toList();
    return Arrays.stream(new Fingerprint(spacings).median()).boxed().toList();
  }

  /**
   * The spacing that {@code adaptation_plan.json} beside a checkpoint, or in the folder above it,
   * tells of the pre-training; 1 mm if there is none.
   */
  private static Optional<List<Double>> pretrained(Path checkpoint) {
    if (checkpoint != null) {
      Path folder = checkpoint.toAbsolutePath().getParent();
      for (int level = 0; level < 2 && folder != null; level++, folder = folder.getParent()) {
        Path plan = folder.resolve("adaptation_plan.json");
        if (Files.exists(plan)) {
          JsonPlace configurations =
              JsonPlace.read(plan).required("pretrain_plan").required("configurations");
          List<JsonPlace> all = List.copyOf(configurations.members().values());
          if (all.isEmpty()) {
            throw configurations.bad("empty");
          }
          JsonPlace spacing = all.getFirst().required("spacing");
          if (spacing.node().isNull()) {
            return Optional.empty();
          }
          List<Double> read = spacing.elements().stream().map(e -> e.node().asDouble()).toList();
          return Optional.of(read);
        }
      }
    }
    return Optional.of(ONE_MM);
  }

  /** The same as a plan of the pre-training's form. */
  Plan plan() {
    Configuration configuration =
        new Configuration(
            "segmentation",
            "DefaultPreprocessor",
            spacing.isPresent() ? SpacingStyle.MEDIAN : SpacingStyle.NO_RESAMPLE,
            Collections.nCopies(channels, "ZScoreNormalization"),
            Collections.nCopies(channels, false),
            "resample_data_or_seg_to_shape",
            new Resampling(false, 3, 0, null),
            "resample_data_or_seg_to_shape",
            new Resampling(true, 1, 0, null),
            spacing.orElse(null),
            null);
    return new Plan(
        "segmentation",
        "larmor",
        spacing.orElse(ONE_MM),
        "SimpleITKIO",
        axes.axes(),
        axes.inverse().axes(),
        Map.of(NAME, configuration),
        "larmor");
  }

  /**
   * Prepares one case.
   *
   * @param image all its channels
   * @param truth its labels, if they are known
   * @throws dev.larmor.models.data.DataException if it cannot be used
   */
  Preprocessed run(Case of, Image3d image, Optional<Image3d> truth, Workers workers) {
    Map<MaskKind, Image3d> masks =
        truth.map(labels -> Map.of(MaskKind.LABELS, labels)).orElse(Map.of());
    return new Preprocessor(plan(), NAME, workers)
        .run(of.images().getFirst().toString(), image, masks);
  }
}
