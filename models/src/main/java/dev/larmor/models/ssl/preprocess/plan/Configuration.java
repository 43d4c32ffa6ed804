package dev.larmor.models.ssl.preprocess.plan;

import dev.larmor.models.ssl.preprocess.numerics.Normalization;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One way of preprocessing a collection, key by key as in the plan's file.
 *
 * @param dataIdentifier the folder of the preprocessed images
 * @param preprocessorName {@value #PREPROCESSOR}
 * @param spacingStyle how {@code spacing} was found
 * @param normalizationSchemes one {@link Normalization} for each channel
 * @param useMaskForNorm for each channel, whether it is normalized within the mask alone
 * @param resamplingFnData {@value #RESAMPLING}
 * @param resamplingFnDataKwargs how images are resampled: order 3, 0 across thick slices
 * @param resamplingFnMask {@value #RESAMPLING}
 * @param resamplingFnMaskKwargs how masks are resampled: order 1, 0 across thick slices
 * @param spacing of the preprocessed images, in mm, in the plan's order of axes; null for {@link
 *     SpacingStyle#NO_RESAMPLE}
 * @param patchSize the extents of a training patch, once they are known; else null
 */
public record Configuration(
    String dataIdentifier,
    String preprocessorName,
    SpacingStyle spacingStyle,
    List<String> normalizationSchemes,
    List<Boolean> useMaskForNorm,
    String resamplingFnData,
    Resampling resamplingFnDataKwargs,
    String resamplingFnMask,
    Resampling resamplingFnMaskKwargs,
    List<Double> spacing,
    List<Integer> patchSize) {
  private static final String PREPROCESSOR = "DefaultPreprocessor";
  private static final String RESAMPLING = "resample_data_or_seg_to_shape";

  /**
   * How something is resampled.
   *
   * @param isSeg whether it is labels
   * @param order of the spline
   * @param orderZ of the spline across thick slices
   * @param forceSeparateZ whether slices are thick; null to go by the spacings
   */
  public record Resampling(boolean isSeg, int order, int orderZ, Boolean forceSeparateZ) {
    private static final Resampling DATA = new Resampling(false, 3, 0, null);
    private static final Resampling MASK = new Resampling(true, 1, 0, null);

    private void check(String key, Resampling expected) {
      if (!equals(
          new Resampling(expected.isSeg, expected.order, expected.orderZ, forceSeparateZ))) {
        throw new IllegalArgumentException(
            "%s: is_seg %s, order %d, order_z %d, expected is_seg %s, order %d, order_z %d"
                .formatted(
                    key, isSeg, order, orderZ, expected.isSeg, expected.order, expected.orderZ));
      }
    }
  }

  /**
   * Checks every key.
   *
   * @throws IllegalArgumentException in a clause that names the key, what it is and what is
   *     expected
   */
  public Configuration {
    require("data_identifier", dataIdentifier);
    if (!dataIdentifier.matches("[^/\\\\]+") || dataIdentifier.matches("\\.+")) {
      throw unexpected("data_identifier", dataIdentifier, "a folder's name");
    }
    is("preprocessor_name", preprocessorName, PREPROCESSOR);
    require("spacing_style", spacingStyle);
    normalizationSchemes = List.copyOf(require("normalization_schemes", normalizationSchemes));
    for (String scheme : normalizationSchemes) {
      if (Normalization.named(scheme).isEmpty()) {
        throw unexpected("normalization_schemes", scheme, "one of " + Normalization.names());
      }
    }
    useMaskForNorm = List.copyOf(require("use_mask_for_norm", useMaskForNorm));
    if (normalizationSchemes.isEmpty() || useMaskForNorm.size() != normalizationSchemes.size()) {
      throw new IllegalArgumentException(
          "normalization_schemes has %d entries, use_mask_for_norm %d, expected one for each channel"
              .formatted(normalizationSchemes.size(), useMaskForNorm.size()));
    }
    is("resampling_fn_data", resamplingFnData, RESAMPLING);
    require("resampling_fn_data_kwargs", resamplingFnDataKwargs)
        .check("resampling_fn_data_kwargs", Resampling.DATA);
    is("resampling_fn_mask", resamplingFnMask, RESAMPLING);
    require("resampling_fn_mask_kwargs", resamplingFnMaskKwargs)
        .check("resampling_fn_mask_kwargs", Resampling.MASK);
    if (spacingStyle != SpacingStyle.NO_RESAMPLE) {
      Spacings.check("spacing", spacing);
      spacing = List.copyOf(spacing);
    } else if (spacing != null) {
      throw unexpected("spacing", spacing, "null for noresample");
    }
    if (patchSize != null
        && (patchSize.size() != 3 || patchSize.stream().anyMatch(s -> s == null || s < 1))) {
      throw unexpected("patch_size", patchSize, "null or 3 positive whole numbers");
    }
  }

  /** The configuration of a plan with nothing unusual. */
  static Configuration standard(
      String plansName, String name, SpacingStyle style, List<Double> spacing) {
    return new Configuration(
        plansName + "_" + name,
        PREPROCESSOR,
        style,
        List.of(Normalization.Z_SCORE.planName()),
        List.of(false),
        RESAMPLING,
        Resampling.DATA,
        RESAMPLING,
        Resampling.MASK,
        spacing,
        null);
  }

  /** The same with the extents of a training patch. */
  Configuration withPatchSize(List<Integer> extents) {
    return new Configuration(
        dataIdentifier,
        preprocessorName,
        spacingStyle,
        normalizationSchemes,
        useMaskForNorm,
        resamplingFnData,
        resamplingFnDataKwargs,
        resamplingFnMask,
        resamplingFnMaskKwargs,
        spacing,
        extents);
  }

  private static <T> T require(String key, T value) {
    if (value == null) {
      throw new IllegalArgumentException(key + " is null");
    }
    return value;
  }

  private static void is(String key, String value, String expected) {
    if (!Objects.equals(value, expected)) {
      throw unexpected(key, value, "'" + expected + "'");
    }
  }

  private static IllegalArgumentException unexpected(String key, Object value, String expected) {
    return new IllegalArgumentException(key + " is '" + value + "', expected " + expected);
  }

  /** How the channels are normalized, one for each. */
  public List<Normalization> normalizations() {
    return normalizationSchemes.stream().flatMap(s -> Normalization.named(s).stream()).toList();
  }

  /** The spacing to resample to, in mm, in the plan's order of axes; empty to leave it. */
  public Optional<double[]> target() {
    return Optional.ofNullable(spacing)
        .map(s -> s.stream().mapToDouble(Double::doubleValue).toArray());
  }
}
