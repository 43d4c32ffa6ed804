package dev.larmor.models.ssl.preprocess;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.preprocess.numerics.AxisOrder;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import dev.larmor.models.ssl.preprocess.numerics.CubicResampling;
import dev.larmor.models.ssl.preprocess.numerics.LabelResampling;
import dev.larmor.models.ssl.preprocess.numerics.NonZero;
import dev.larmor.models.ssl.preprocess.numerics.Normalization;
import dev.larmor.models.ssl.preprocess.numerics.SeparateAxis;
import dev.larmor.models.ssl.preprocess.numerics.TargetShape;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import dev.larmor.models.ssl.preprocess.plan.Configuration;
import dev.larmor.models.ssl.preprocess.plan.Plan;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * Makes an image ready for training as one configuration of a plan says: axes in the plan's order,
 * cropped to what is not zero, normalized, resampled; and its masks with it.
 *
 * <p>Beside the image that is given it takes at most 24 bytes for each voxel of the larger of the
 * cropped and the resampled image – two volumes in double and two in float –, 4 more where axes
 * change places, and 7 for each mask. The result does not depend on the number of threads.
 *
 * <p>The original exchanges the two masks when it saves an image that has both; here a mask keeps
 * its {@link MaskKind}, and its labels are int8, so that -1 stays -1.
 */
public final class Preprocessor {
  private static final List<MaskKind> ORDER = List.of(MaskKind.ANONYMIZATION, MaskKind.ANATOMY);

  private final AxisOrder axes;
  private final Configuration configuration;
  private final Workers workers;

  /**
   * A preprocessor for any number of images, one at a time.
   *
   * @throws DataException if the plan has no such configuration
   */
  public Preprocessor(Plan plan, String configuration, Workers workers) {
    this.axes = plan.axes();
    this.configuration = plan.configuration(configuration);
    this.workers = workers;
  }

  /**
   * Preprocesses one image.
   *
   * @param name where it is from, for messages
   * @param image as it was read; left as it is
   * @param masks on the image's grid, of one channel with whole numbers from -128 to 127
   * @throws DataException if a value is not finite or not what the configuration expects, a mask
   *     does not fit, or nothing of the image would be left
   */
  public Preprocessed run(String name, Image3d image, Map<MaskKind, Image3d> masks) {
    check(name, image, masks);
    int[] shape = axes.of(image.shape());
    double[] spacing = axes.of(image.spacing());
    float[] turned = axes.of(image.values(), image.shape());
    Box box = NonZero.box(turned, shape);
    int[] cropped = box.shape();
    float[] values = box.crop(turned, shape);
    boolean asksForMask = configuration.useMaskForNorm().contains(true);
    boolean[] inside = masks.isEmpty() && !asksForMask ? null : NonZero.filled(values, cropped);
    Map<MaskKind, byte[]> labels = new EnumMap<>(MaskKind.class);
    masks.forEach((kind, mask) -> labels.put(kind, labels(mask, box, shape, inside)));
    normalize(name, values, image.channels(), asksForMask ? counted(labels, inside) : null);

    double[] target = configuration.target().orElse(spacing);
    int[] to =
        configuration.target().isEmpty() ? cropped : TargetShape.of(name, cropped, spacing, target);
    float[] resampled = resample(values, image.channels(), cropped, to, spacing, target);
    OptionalInt separate =
        SeparateAxis.of(spacing, target, configuration.resamplingFnMaskKwargs().forceSeparateZ());
    labels.replaceAll((kind, l) -> LabelResampling.resample(l, cropped, to, separate, workers));
    return new Preprocessed(
        new Image3d(resampled, image.channels(), to, target, image.place()),
        labels,
        new Provenance(image.place(), image.spacing().clone(), shape, box));
  }

  private void check(String name, Image3d image, Map<MaskKind, Image3d> masks) {
    int[] shape = image.shape();
    if (image.channels() < 1 || Arrays.stream(shape).anyMatch(extent -> extent < 1)) {
      throw new DataException(
          "%s: %d channels of %s voxels, expected at least one along each axis"
              .formatted(name, image.channels(), Arrays.toString(shape)));
    }
    if (Arrays.stream(image.spacing()).anyMatch(s -> !(s > 0) || Double.isInfinite(s))) {
      throw new DataException(
          "%s: spacing %s, expected positive numbers"
              .formatted(name, Arrays.toString(image.spacing())));
    }
    if (image.channels() != configuration.normalizationSchemes().size()) {
      throw new DataException(
          "%s: %d channels, but the plan's '%s' normalizes %d"
              .formatted(
                  name,
                  image.channels(),
                  configuration.dataIdentifier(),
                  configuration.normalizationSchemes().size()));
    }
    for (int i = 0; i < image.values().length; i++) {
      if (!Float.isFinite(image.values()[i])) {
        throw new DataException(
            "%s: voxel %s is %s, expected finite values"
                .formatted(name, voxel(i % image.voxels(), shape), image.values()[i]));
      }
    }
    masks.forEach((kind, mask) -> checkMask(name + ", " + kind.key(), image, mask));
  }

  private static void checkMask(String name, Image3d image, Image3d mask) {
    if (mask.channels() != 1 || !Arrays.equals(mask.shape(), image.shape())) {
      throw new DataException(
          "%s: %d channels of %s voxels, expected 1 of the image's %s"
              .formatted(
                  name,
                  mask.channels(),
                  Arrays.toString(mask.shape()),
                  Arrays.toString(image.shape())));
    }
    for (int i = 0; i < mask.voxels(); i++) {
      if (mask.values()[i] != (byte) mask.values()[i]) {
        throw new DataException(
            "%s: voxel %s is %s, expected whole numbers from -128 to 127"
                .formatted(name, voxel(i, mask.shape()), mask.values()[i]));
      }
    }
  }

  private static String voxel(int at, int[] shape) {
    return Arrays.toString(
        new int[] {at / shape[2] / shape[1], at / shape[2] % shape[1], at % shape[2]});
  }

  /** A mask's labels in the box; -1 where there is neither a label nor anything of the image. */
  private byte[] labels(Image3d mask, Box box, int[] shape, boolean[] inside) {
    float[] values = box.crop(axes.of(mask.values(), mask.shape()), shape);
    byte[] labels = new byte[values.length];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = values[i] == 0 && !inside[i] ? -1 : (byte) values[i];
    }
    return labels;
  }

  /**
   * The voxels that normalization within the mask counts: those of the first mask, if there are.
   */
  private static boolean[] counted(Map<MaskKind, byte[]> labels, boolean[] inside) {
    for (MaskKind kind : ORDER) {
      byte[] mask = labels.get(kind);
      if (mask != null) {
        boolean[] counted = new boolean[mask.length];
        for (int i = 0; i < mask.length; i++) {
          counted[i] = mask[i] >= 0;
        }
        return counted;
      }
    }
    return inside;
  }

  private void normalize(String name, float[] values, int channels, boolean[] counted) {
    int voxels = values.length / channels;
    List<Normalization> schemes = configuration.normalizations();
    for (int c = 0; c < channels; c++) {
      float[] channel = channel(values, channels, c);
      try {
        schemes.get(c).apply(channel, configuration.useMaskForNorm().get(c) ? counted : null);
      } catch (DataException e) {
        throw new DataException(name + ": " + e.getMessage(), e);
      }
      if (channels > 1) {
        System.arraycopy(channel, 0, values, c * voxels, voxels);
      }
    }
  }

  /** One channel: all of the array where there is no other, else a copy. */
  private static float[] channel(float[] values, int channels, int channel) {
    int voxels = values.length / channels;
    return channels == 1
        ? values
        : Arrays.copyOfRange(values, channel * voxels, (channel + 1) * voxels);
  }

  private float[] resample(
      float[] values, int channels, int[] from, int[] to, double[] spacing, double[] target) {
    OptionalInt separate =
        SeparateAxis.of(spacing, target, configuration.resamplingFnDataKwargs().forceSeparateZ());
    int voxels = to[0] * to[1] * to[2];
    float[] all = channels == 1 ? null : new float[Math.multiplyExact(channels, voxels)];
    for (int c = 0; c < channels; c++) {
      float[] one =
          CubicResampling.resample(channel(values, channels, c), from, to, separate, workers);
      if (channels == 1) {
        return one;
      }
      System.arraycopy(one, 0, all, c * voxels, voxels);
    }
    return all;
  }
}
