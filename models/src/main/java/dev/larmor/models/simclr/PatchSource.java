package dev.larmor.models.simclr;

import dev.larmor.models.data.DataException;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Outside;
import dev.larmor.models.simclr.view.Patch;

/** Preprocessed images, of which only the patches that are wanted are read. */
public interface PatchSource {
  /** The number of images. */
  int images();

  /** What an image belongs to, such as its subject: images of one group are not told apart. */
  int group(int image);

  /** A way to read, for one thread. */
  Reader open();

  /** Reads patches; may keep files open. */
  interface Reader extends AutoCloseable {
    /**
     * The extent of an image.
     *
     * @throws DataException if it cannot be read
     */
    Extent extent(int image);

    /**
     * Reads a patch.
     *
     * @param outside what stands where the patch reaches beyond the image
     * @param into the patch's voxels, row-major
     * @throws DataException if the image cannot be read, or has a value that is not finite
     */
    void read(int image, Patch patch, Outside outside, float[] into);

    @Override
    void close();
  }
}
