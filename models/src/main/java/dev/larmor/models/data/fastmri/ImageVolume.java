package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The images that belong to one volume's k-space, F32 {@code [slices, S, S]}: the target – the
 * root-sum-of-squares of the fully sampled data, {@code image_label} or fastMRI's {@code
 * reconstruction_rss} – and, in the challenge's files, the zero-filled and GRAPPA reconstructions.
 */
public final class ImageVolume implements AutoCloseable {
  /** Which image of a slice. */
  public enum Kind {
    /** The target. */
    LABEL,
    /** Root-sum-of-squares of the zero-filled k-space, {@code image_input}. */
    INPUT,
    /** GRAPPA reconstruction, {@code image_grappa}. */
    GRAPPA;

    private String key(Hdf5File file) {
      return switch (this) {
        case LABEL ->
            !file.has("image_label") && file.has("reconstruction_rss")
                ? "reconstruction_rss"
                : "image_label";
        case INPUT -> "image_input";
        case GRAPPA -> "image_grappa";
      };
    }
  }

  private final Hdf5File file;
  private final Hdf5Dataset label;
  private final float max;

  private ImageVolume(Hdf5File file, Hdf5Dataset label, float max) {
    this.file = file;
    this.label = label;
    this.max = max;
  }

  /**
   * Opens a file and checks its structure; no pixel is read yet.
   *
   * @throws DataException if the file cannot be read, the label is missing, of the wrong type or
   *     not {@code [slices, S, S]}, or the attribute {@code max} is missing or not positive
   */
  public static ImageVolume open(Path path) {
    Hdf5File file = Hdf5File.open(path);
    try {
      Hdf5Dataset label = checked(file, Kind.LABEL);
      double max =
          file.number("max")
              .orElseThrow(() ->
                  new DataException(
                      path + ": no attribute 'max' (the maximum of " + label.key() + ")"));
      if (!(max > 0 && max <= Float.MAX_VALUE)) {
        throw new DataException(
            path + ": attribute 'max' is " + max + ", expected a positive number");
      }
      return new ImageVolume(file, label, (float) max);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Hdf5Dataset checked(Hdf5File file, Kind kind) {
    Hdf5Dataset images = file.dataset(kind.key(file));
    long[] shape = images.shape();
    if (shape.length != 3
        || !images.dtype().equals("F32")
        || shape[1] != shape[2]
        || shape[0] < 1
        || shape[1] < 1
        || images.floatsPerSlice() > Integer.MAX_VALUE - 8) {
      throw new DataException(
          file.path() + ": '" + images.key() + "' is " + images + ", expected F32[slices, S, S]");
    }
    return images;
  }

  /** The number of slices. */
  public int slices() {
    return Math.toIntExact(label.shape()[0]);
  }

  /** The side S of the square images: the size reconstructions are cropped to. */
  public int size() {
    return Math.toIntExact(label.shape()[1]);
  }

  /** The maximum of the volume's label: the data range of SSIM. */
  public float max() {
    return max;
  }

  /** Whether the file holds this kind of image. */
  public boolean has(Kind kind) {
    return file.has(kind.key(file));
  }

  /**
   * Reads one image.
   *
   * @param slice the slice's index
   * @param pixels receives {@code [S, S]}
   * @throws DataException if the file lacks this kind, is damaged, or a pixel is NaN or infinite
   */
  public void readSlice(Kind kind, int slice, float[] pixels) {
    Hdf5Dataset images = kind == Kind.LABEL ? label : checked(file, kind);
    if (!Arrays.equals(images.shape(), label.shape())) {
      throw new DataException(
          "%s: '%s' is %s, but '%s' is %s"
              .formatted(file.path(), images.key(), images, label.key(), label));
    }
    images.readSlice(slice, pixels);
    int bad = Finite.firstNonFinite(pixels);
    if (bad >= 0) {
      throw new DataException(
          "%s: '%s' %s holds %s at slice %d, row %d, column %d"
              .formatted(
                  file.path(),
                  images.key(),
                  images,
                  pixels[bad],
                  slice,
                  bad / size(),
                  bad % size()));
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
