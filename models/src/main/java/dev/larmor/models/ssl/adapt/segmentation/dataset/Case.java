package dev.larmor.models.ssl.adapt.segmentation.dataset;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.data.image.ImageFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One patient's images of one grid, and perhaps what is to be found in them.
 *
 * @param name as files have it: {@code NAME_0000.nii.gz}
 * @param images a file for each channel
 * @param truth the file of labels
 */
public record Case(String name, List<Path> images, Optional<Path> truth) {
  /** Spacings that differ by less are the same: headers round. */
  private static final double SAME = 1e-3;

  public Case {
    images = List.copyOf(images);
  }

  /**
   * Reads all channels into one image.
   *
   * @throws DataException if one cannot be read, has a value that is not finite, or is of another
   *     grid than the first
   */
  public Image3d image() {
    List<Image3d> channels = new ArrayList<>();
    for (Path file : images) {
      Image3d image = ImageFile.read(file);
      if (image.channels() != 1) {
        throw new DataException(
            "%s: %d channels, expected one in each file".formatted(file, image.channels()));
      }
      for (int i = 0; i < image.voxels(); i++) {
        if (!Float.isFinite(image.values()[i])) {
          throw new DataException(
              "%s: voxel %s is %s, expected finite values"
                  .formatted(file, voxel(i, image.shape()), image.values()[i]));
        }
      }
      channels.add(image);
      checkGrid(file, image, images.getFirst(), channels.getFirst());
    }
    Image3d first = channels.getFirst();
    if (channels.size() == 1) {
      return first;
    }
    float[] values = new float[Math.multiplyExact(channels.size(), first.voxels())];
    for (int c = 0; c < channels.size(); c++) {
      System.arraycopy(channels.get(c).values(), 0, values, c * first.voxels(), first.voxels());
    }
    return new Image3d(values, channels.size(), first.shape(), first.spacing(), first.place());
  }

  /**
   * Reads the truth.
   *
   * @param image of this case
   * @throws DataException if there is none, it is of another grid than the image, or has a label
   *     that is not one of the data set's
   */
  public Image3d truth(Image3d image, Labels labels) {
    Path file =
        truth.orElseThrow(() -> new DataException("case " + name + ": there is no file of labels"));
    Image3d read = labels(file, labels);
    checkGrid(file, read, images.getFirst(), image);
    return read;
  }

  /**
   * Reads a file of labels.
   *
   * @throws DataException if it is none
   */
  public static Image3d labels(Path file, Labels labels) {
    Image3d image = ImageFile.read(file);
    if (image.channels() != 1) {
      throw new DataException("%s: %d channels, expected 1".formatted(file, image.channels()));
    }
    for (int i = 0; i < image.voxels(); i++) {
      float label = image.values()[i];
      if (!(label >= 0 && label < labels.count()) || label != (int) label) {
        throw new DataException(
            "%s: voxel %s is %s, expected whole numbers from 0 to %d: %s"
                .formatted(
                    file,
                    voxel(i, image.shape()),
                    label == (int) label ? Integer.toString((int) label) : Float.toString(label),
                    labels.count() - 1,
                    labels.names()));
      }
    }
    return image;
  }

  /**
   * Checks that two images are of one grid, their places in the scanner aside.
   *
   * @throws DataException if they are not
   */
  public static void checkGrid(Path file, Image3d image, Path other, Image3d expected) {
    if (!Arrays.equals(image.shape(), expected.shape())) {
      throw new DataException(
          "%s: %s voxels, expected %s as in %s"
              .formatted(
                  file,
                  Arrays.toString(image.shape()),
                  Arrays.toString(expected.shape()),
                  other.getFileName()));
    }
    for (int axis = 0; axis < 3; axis++) {
      double here = image.spacing()[axis];
      double there = expected.spacing()[axis];
      if (Math.abs(here - there) > SAME * Math.max(here, there)) {
        throw new DataException(
            "%s: spacing %s mm, expected %s as in %s"
                .formatted(
                    file,
                    Arrays.toString(image.spacing()),
                    Arrays.toString(expected.spacing()),
                    other.getFileName()));
      }
    }
  }

  private static String voxel(int at, int[] shape) {
    return Arrays.toString(
        new int[] {at / shape[2] / shape[1], at / shape[2] % shape[1], at % shape[2]});
  }
}
