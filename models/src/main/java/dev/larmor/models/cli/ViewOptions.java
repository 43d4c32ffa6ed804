package dev.larmor.models.cli;

import dev.larmor.models.simclr.view.CropViews;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.StretchedViews;
import dev.larmor.models.simclr.view.Views;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which patches of images and which views of those a pre-training compares. */
final class ViewOptions {
  /** Which views there are. */
  enum Mode {
    original,
    nnssl
  }

  /** What stands beyond an image. */
  enum Beyond {
    zero,
    minimum
  }

  /** Reads {@code 192x192x64}. */
  static final class Extents implements ITypeConverter<Extent> {
    private static final Pattern EXTENT = Pattern.compile("([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,5})");

    @Override
    public Extent convert(String text) {
      Matcher match = EXTENT.matcher(text);
      if (!match.matches()) {
        throw new TypeConversionException(
            "'" + text + "' is not the size of a patch; write it as 192x192x64");
      }
      try {
        return new Extent(
            Integer.parseInt(match.group(1)),
            Integer.parseInt(match.group(2)),
            Integer.parseInt(match.group(3)));
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Option(
      names = "--patch",
      converter = Extents.class,
      defaultValue = "192x192x64",
      paramLabel = "AxBxC",
      description = "Voxels of an image that views are made of (default: ${DEFAULT-VALUE}).")
  private Extent patch;

  @Option(
      names = "--outside",
      defaultValue = "zero",
      paramLabel = "NAME",
      description =
          "What stands where a patch reaches beyond a small image: zero, which is the image's mean,"
              + " or its minimum (default: ${DEFAULT-VALUE}).")
  private Beyond outside;

  @Option(
      names = "--mode",
      defaultValue = "original",
      paramLabel = "NAME",
      description =
          "original: crops stretched to cubes; nnssl: overlapping cubes, two pairs of each patch"
              + " (default: ${DEFAULT-VALUE}).")
  private Mode mode;

  @Option(
      names = "--view-size",
      paramLabel = "N",
      description = "Voxels of a view along each axis (default: 160; nnssl: 64).")
  private Integer side;

  @Option(
      names = "--least-crop",
      paramLabel = "N",
      description = "Voxels of a crop along each axis, at least (default: 60; not for nnssl).")
  private Integer leastCrop;

  @Option(
      names = "--least-overlap",
      paramLabel = "SHARE",
      description =
          "Of a crop along each axis that its partner has in common with it, at least (default: 0;"
              + " nnssl: 0.5).")
  private Double leastOverlap;

  @Option(
      names = "--keep-aspect",
      description = "Crop cubes, so that nothing is distorted (not for nnssl).")
  private boolean keepAspect;

  @Option(
      names = "--flip-all",
      description = "Flip all axes, not the last alone (not for nnssl, which always does).")
  private boolean flipAll;

  Extent patch() {
    return patch;
  }

  Outside outside() {
    return switch (outside) {
      case zero -> Outside.ZERO;
      case minimum -> Outside.MINIMUM;
    };
  }

  /**
   * The views asked for.
   *
   * @throws IllegalArgumentException in one sentence, if the options do not go together
   */
  Views views() {
    return switch (mode) {
      case original -> {
        StretchedViews usual = StretchedViews.ORIGINAL;
        yield new StretchedViews(
            or(side, usual.side()),
            or(leastCrop, usual.leastSize()),
            keepAspect,
            or(leastOverlap, usual.leastOverlap()),
            flipAll);
      }
      case nnssl -> {
        if (leastCrop != null || keepAspect || flipAll) {
          throw new IllegalArgumentException(
              "--least-crop, --keep-aspect and --flip-all are for --mode original");
        }
        CropViews usual = CropViews.NNSSL;
        CropViews views =
            new CropViews(
                usual.pairs(), or(side, usual.side()), or(leastOverlap, usual.overlap()), true);
        if (Math.min(Math.min(patch.n0(), patch.n1()), patch.n2()) < views.side()) {
          throw new IllegalArgumentException(
              "a patch of %s has no crop of %d voxels a side".formatted(patch, views.side()));
        }
        yield views;
      }
    };
  }

  private static <T> T or(T given, T usual) {
    return given == null ? usual : given;
  }
}
