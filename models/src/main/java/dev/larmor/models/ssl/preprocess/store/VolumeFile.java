package dev.larmor.models.ssl.preprocess.store;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import dev.larmor.models.data.image.Image3d;
import dev.larmor.models.ssl.preprocess.MaskKind;
import dev.larmor.models.ssl.preprocess.Preprocessed;
import dev.larmor.models.ssl.preprocess.Provenance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A preprocessed image in a file, of which a patch can be had without the rest.
 *
 * <p>The file is HDF5 with {@code image} (float32 {@code [channels, n0, n1, n2]}), for each mask
 * its {@link MaskKind#key} (int8 {@code [n0, n1, n2]}) and {@code properties} (JSON). Arrays are in
 * deflated blocks of at most {@value #BLOCK} voxels along each axis: a volume that is smaller is
 * one block, others are cut as evenly as their extents allow, so there is no volume that does not
 * fit.
 *
 * <p>A file may be read by several threads at once.
 */
public final class VolumeFile implements AutoCloseable {
  /** What a file's name ends with. */
  public static final String EXTENSION = ".h5";

  /**
   * 160³ voxels at a random place touch 1.7 times as many in blocks of 32³, 2.7 times in such of
   * 64³; below, there are more blocks than their headers are worth.
   */
  private static final int BLOCK = 32;

  private static final String IMAGE = "image";
  private static final String PROPERTIES = "properties";

  private final Hdf5File file;
  private final Hdf5Dataset image;
  private final int channels;
  private final int[] shape;
  private final Properties properties;

  private VolumeFile(Hdf5File file) {
    this.file = file;
    image = file.dataset(IMAGE);
    if (image.rank() != 4 || !image.dtype().equals("F32")) {
      throw new DataException(
          file.path() + ": '" + IMAGE + "' is " + image + ", expected F32[channels, n0, n1, n2]");
    }
    int[] extents = Arrays.stream(image.shape()).mapToInt(Math::toIntExact).toArray();
    channels = extents[0];
    shape = Arrays.copyOfRange(extents, 1, 4);
    try {
      properties = Properties.fromJson(file.dataset(PROPERTIES).readText());
    } catch (IOException e) {
      throw new DataException(
          file.path() + ": '" + PROPERTIES + "' is not of a preprocessed image", e);
    }
  }

  /** Writes an image in the place of the file, which stays as it was until all is written. */
  public static void write(Path path, Preprocessed preprocessed) {
    Image3d image = preprocessed.image();
    int[] shape = image.shape();
    int[] block = Arrays.stream(shape).map(VolumeFile::block).toArray();
    try (Hdf5Writer writer = Hdf5Writer.replace(path)) {
      writer.text(PROPERTIES, Properties.of(preprocessed).toJson());
      writer.blocks(IMAGE, image.values(), with(image.channels(), shape), with(1, block));
      preprocessed
          .masks()
          .forEach((kind, labels) -> writer.blocks(kind.key(), labels, shape, block));
      writer.commit();
    }
  }

  private static int block(int extent) {
    int blocks = (extent + BLOCK - 1) / BLOCK;
    return (extent + blocks - 1) / blocks;
  }

  private static int[] with(int first, int[] rest) {
    return new int[] {first, rest[0], rest[1], rest[2]};
  }

  /**
   * Opens a file.
   *
   * @throws DataException if it is missing, damaged or of another kind
   */
  public static VolumeFile open(Path path) {
    Hdf5File file = Hdf5File.open(path);
    try {
      return new VolumeFile(file);
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The number of channels. */
  public int channels() {
    return channels;
  }

  /** The three extents. */
  public int[] shape() {
    return shape.clone();
  }

  /** The distance of neighbouring voxels along the three axes, in mm. */
  public double[] spacing() {
    return properties.spacingAfterResampling().clone();
  }

  /** Where the image comes from. */
  public Provenance provenance() {
    return properties.provenance();
  }

  /** Whether the image has such a mask. */
  public boolean has(MaskKind kind) {
    return file.has(kind.key());
  }

  /**
   * Reads a patch of every channel; only the blocks that it touches are fetched.
   *
   * @param start its first voxel, which may lie outside of the image
   * @param extent its three extents
   * @param outside the value of voxels outside of the image
   * @param patch receives {@code [channels, e0, e1, e2]}
   * @throws DataException if the file is damaged
   */
  public void patch(int[] start, int[] extent, float outside, float[] patch) {
    Arrays.fill(patch, outside);
    image.readBox(with(0, start), with(channels, extent), patch);
  }

  /**
   * Reads a patch of a mask, -1 outside.
   *
   * @param labels receives {@code [e0, e1, e2]}
   * @throws DataException if there is no such mask, or the file is damaged
   */
  public void patch(MaskKind kind, int[] start, int[] extent, byte[] labels) {
    Arrays.fill(labels, (byte) -1);
    file.dataset(kind.key()).readBox(start, extent, labels);
  }

  @Override
  public void close() {
    file.close();
  }
}
