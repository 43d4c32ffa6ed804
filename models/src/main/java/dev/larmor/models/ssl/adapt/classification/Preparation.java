package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Patch;
import dev.larmor.models.simclr.view.Span;
import dev.larmor.models.simclr.view.Volume;
import dev.larmor.models.ssl.preprocess.numerics.Box;
import dev.larmor.models.ssl.preprocess.numerics.CubicResampling;
import dev.larmor.models.ssl.preprocess.numerics.LabelResampling;
import dev.larmor.models.ssl.preprocess.numerics.NonZero;
import dev.larmor.models.ssl.preprocess.numerics.Normalization;
import dev.larmor.models.ssl.preprocess.numerics.SeparateAxis;
import dev.larmor.models.ssl.preprocess.numerics.TargetShape;
import dev.larmor.models.ssl.preprocess.numerics.Workers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Makes a case what the network takes: voxels of {@value #SPACING} mm, mean 0 and deviation 1, a
 * cube around the middle of the mask or, without one, of the image.
 *
 * <p>With a mask, its voxels alone count for mean and deviation, and all others become 0; so is
 * what the cube has beyond the image. Without one it is the image's least value there, as in the
 * air. Channels are normalised each by itself.
 *
 * @param side of the cube, in voxels
 */
public record Preparation(int side) {
  /** To be changed with whatever changes the result: what was stored before is then made anew. */
  static final int VERSION = 1;

  private static final double SPACING = 1;
  private static final double[] TARGET = {SPACING, SPACING, SPACING};

  public Preparation {
    if (side < 1 || side > 1024) {
      throw new IllegalArgumentException("a crop has 1 to 1024 voxels a side, not " + side);
    }
  }

  /** Voxels of one channel. */
  int voxels() {
    return side * side * side;
  }

  /**
   * Reads a case's images and prepares them.
   *
   * @param workers for the resampling; the result does not depend on how many
   * @return {@code [channels, side, side, side]}
   * @throws DataException if a file cannot be read, images or mask do not fit each other, a value
   *     is not finite, or the mask is empty
   */
  float[] run(Case one, Workers workers) {
    List<Image3d> channels = one.images().stream().map(Preparation::image).toList();
    Image3d first = channels.getFirst();
    for (int c = 1; c < channels.size(); c++) {
      sameGrid(one.images().get(c), channels.get(c), one.images().getFirst(), first);
    }
    Grid grid = Grid.of(one.images().getFirst(), first);
    boolean[] inside = one.mask().map(file -> mask(file, one, first, grid, workers)).orElse(null);
    Patch patch = cube(grid.to, inside);
    float[] prepared = new float[channels.size() * voxels()];
    for (int c = 0; c < channels.size(); c++) {
      float[] values =
          CubicResampling.resample(
              channels.get(c).values(), grid.from, grid.to, grid.separate, workers);
      Volume volume = new Volume(values, new Extent(grid.to[0], grid.to[1], grid.to[2]));
      Normalization.Z_SCORE.apply(values, inside);
      float outside = 0;
      if (inside == null) {
        outside = volume.minimum();
      } else {
        for (int i = 0; i < values.length; i++) {
          values[i] = inside[i] ? values[i] : 0;
        }
      }
      float[] cut = new float[voxels()];
      patch.cut(volume, outside, cut);
      System.arraycopy(cut, 0, prepared, c * cut.length, cut.length);
    }
    return prepared;
  }

  /** From the image's grid to that of the target's spacing. */
  private record Grid(int[] from, int[] to, OptionalInt separate) {
    static Grid of(Path file, Image3d image) {
      int[] to = TargetShape.of(file.toString(), image.shape(), image.spacing(), TARGET);
      return new Grid(image.shape(), to, SeparateAxis.of(image.spacing(), TARGET, null));
    }
  }

  private static Image3d image(Path file) {
    Image3d image = ImageFile.read(file);
    if (image.channels() != 1) {
      throw new DataException(
          "%s: %d channels, expected 1: further channels are files of their own, in columns image2,"
                  .formatted(file, image.channels())
              + " image3, ...");
    }
    if (image.voxels() < 1) {
      throw new DataException(
          "%s: %s voxels, expected at least one along each axis"
              .formatted(file, Arrays.toString(image.shape())));
    }
    float[] values = image.values();
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        int plane = image.shape()[1] * image.shape()[2];
        throw new DataException(
            "%s: voxel [%d, %d, %d] is %s, expected finite values"
                .formatted(
                    file,
                    i / plane,
                    i / image.shape()[2] % image.shape()[1],
                    i % image.shape()[2],
                    values[i]));
      }
    }
    return image;
  }

  private static void sameGrid(Path file, Image3d image, Path firstFile, Image3d first) {
    if (!Arrays.equals(image.shape(), first.shape())) {
      throw new DataException(
          "%s: %s voxels, expected %s as in %s"
              .formatted(
                  file, Arrays.toString(image.shape()), Arrays.toString(first.shape()), firstFile));
    }
  }

  /** Where the mask is not zero, on the new grid. */
  private static boolean[] mask(Path file, Case one, Image3d first, Grid grid, Workers workers) {
    Image3d mask = image(file);
    sameGrid(file, mask, one.images().getFirst(), first);
    byte[] marked = new byte[mask.voxels()];
    for (int i = 0; i < marked.length; i++) {
      marked[i] = (byte) (mask.values()[i] == 0 ? 0 : 1);
    }
    byte[] labels = LabelResampling.resample(marked, grid.from, grid.to, grid.separate, workers);
    boolean[] inside = new boolean[labels.length];
    boolean any = false;
    for (int i = 0; i < inside.length; i++) {
      inside[i] = labels[i] != 0;
      any |= inside[i];
    }
    if (!any) {
      throw new DataException(file + ": the mask marks nothing of " + one.images().getFirst());
    }
    return inside;
  }

  /** The cube around the middle of what is marked, or of all. */
  private Patch cube(int[] shape, boolean[] inside) {
    Box around = Box.all(shape);
    if (inside != null) {
      float[] marked = new float[inside.length];
      for (int i = 0; i < marked.length; i++) {
        marked[i] = inside[i] ? 1 : 0;
      }
      around = NonZero.box(marked, shape);
    }
    List<Span> spans = new ArrayList<>();
    for (Box.Interval interval : around.intervals()) {
      spans.add(new Span(Math.floorDiv(interval.start() + interval.end() - side, 2), side));
    }
    return new Patch(
        new dev.larmor.models.simclr.view.Box(spans.get(0), spans.get(1), spans.get(2)));
  }
}
