package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import java.util.Arrays;

/** The images of a volume in one dataset, F32 {@code [slices, S, S]}. */
public final class ImageStack {
  private final Hdf5File file;
  private final Hdf5Dataset images;

  private ImageStack(Hdf5File file, Hdf5Dataset images) {
    this.file = file;
    this.images = images;
  }

  /**
   * Finds the dataset and checks its structure; no pixel is read yet.
   *
   * @param file open as long as images are read
   * @throws DataException if the dataset is missing, of the wrong type or not {@code [slices, S,
   *     S]}
   */
  public static ImageStack of(Hdf5File file, String key) {
    Hdf5Dataset images = file.dataset(key);
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
    return new ImageStack(file, images);
  }

  /** The dataset's name. */
  public String key() {
    return images.key();
  }

  /** The number of slices. */
  public int slices() {
    return Math.toIntExact(images.shape()[0]);
  }

  /** The side S of the square images. */
  public int size() {
    return Math.toIntExact(images.shape()[1]);
  }

  /** Whether both have as many images, of the same size. */
  public boolean isLike(ImageStack other) {
    return Arrays.equals(images.shape(), other.images.shape());
  }

  /**
   * Reads one image.
   *
   * @param slice the slice's index
   * @param pixels receives {@code [S, S]}
   * @throws DataException if the file is damaged or a pixel is NaN or infinite
   */
  public void readSlice(int slice, float[] pixels) {
    images.readSlice(slice, pixels);
    int bad = Finite.firstNonFinite(pixels);
    if (bad >= 0) {
      throw new DataException(
          "%s: '%s' %s holds %s at slice %d, row %d, column %d"
              .formatted(file.path(), key(), this, pixels[bad], slice, bad / size(), bad % size()));
    }
  }

  /** Reads one image, {@code [S, S]}, as {@link #readSlice} does. */
  public float[] slice(int slice) {
    float[] pixels = new float[size() * size()];
    readSlice(slice, pixels);
    return pixels;
  }

  /** Type and shape: {@code F32[16, 384, 384]}. */
  @Override
  public String toString() {
    return images.toString();
  }
}
