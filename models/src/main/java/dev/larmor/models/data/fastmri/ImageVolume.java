package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5File;
import java.nio.file.Path;

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
  private final ImageStack label;
  private final float max;

  private ImageVolume(Hdf5File file, ImageStack label, float max) {
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
      ImageStack label = ImageStack.of(file, Kind.LABEL.key(file));
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

  /** The number of slices. */
  public int slices() {
    return label.slices();
  }

  /** The side S of the square images: the size reconstructions are cropped to. */
  public int size() {
    return label.size();
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
   * The images of one kind.
   *
   * @throws DataException if the file lacks it, or its type or shape is not the label's
   */
  public ImageStack images(Kind kind) {
    if (kind == Kind.LABEL) {
      return label;
    }
    ImageStack images = ImageStack.of(file, kind.key(file));
    if (!images.isLike(label)) {
      throw new DataException(
          "%s: '%s' is %s, but '%s' is %s"
              .formatted(file.path(), images.key(), images, label.key(), label));
    }
    return images;
  }

  /**
   * Reads one image: {@link #images} and {@link ImageStack#readSlice} in one.
   *
   * @param slice the slice's index
   * @param pixels receives {@code [S, S]}
   * @throws DataException if the file lacks this kind, is damaged, or a pixel is NaN or infinite
   */
  public void readSlice(Kind kind, int slice, float[] pixels) {
    images(kind).readSlice(slice, pixels);
  }

  @Override
  public void close() {
    file.close();
  }
}
