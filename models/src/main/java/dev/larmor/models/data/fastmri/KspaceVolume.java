package dev.larmor.models.data.fastmri;

import dev.larmor.models.data.DataException;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.hdf5.Hdf5Dataset;
import dev.larmor.models.data.hdf5.Hdf5File;
import dev.larmor.models.data.hdf5.Hdf5Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The k-space of one volume: {@code kspace} C64 {@code [slices, coils, H, W]} and, unless fully
 * sampled, {@code mask} {@code [W]}, in an HDF5 file of the challenge's or fastMRI's layout.
 */
public final class KspaceVolume implements AutoCloseable {
  /** The data set with the scan's {@link IsmrmrdHeader}. */
  public static final String HEADER = "ismrmrd_header";

  private static final List<String> ATTRIBUTES =
      List.of("acquisition", "patient_id", "max", "norm");

  /** Longer ones are no names, and attributes must be shorter than 64 KiB. */
  private static final int MAX_ATTRIBUTE_CHARS = 10_000;

  private final Hdf5File file;
  private final Hdf5Dataset kspace;
  private final SamplingMask mask;

  private KspaceVolume(Hdf5File file, Hdf5Dataset kspace, SamplingMask mask) {
    this.file = file;
    this.kspace = kspace;
    this.mask = mask;
  }

  /**
   * Opens a file and checks its structure; no k-space value is read yet.
   *
   * @throws DataException if the file cannot be read, {@code kspace} is missing or of the wrong
   *     type or rank, or the mask's length is not W or it samples no column
   */
  public static KspaceVolume open(Path path) {
    Hdf5File file = Hdf5File.open(path);
    try {
      Hdf5Dataset kspace = file.dataset("kspace");
      if (kspace.rank() != 4 || !kspace.dtype().equals("C64")) {
        throw new DataException(
            path + ": 'kspace' is " + kspace + ", expected C64[slices, coils, H, W]");
      }
      for (long extent : kspace.shape()) {
        if (extent < 1) {
          throw new DataException(path + ": 'kspace' is empty: " + kspace);
        }
      }
      if (kspace.floatsPerSlice() > Integer.MAX_VALUE - 8) {
        throw new DataException(path + ": a slice of 'kspace' " + kspace + " exceeds 2^31 floats");
      }
      SamplingMask mask =
          file.has("mask")
              ? mask(file, kspace)
              : SamplingMask.full(Math.toIntExact(kspace.shape()[3]));
      return new KspaceVolume(file, kspace, mask);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static SamplingMask mask(Hdf5File file, Hdf5Dataset kspace) {
    Hdf5Dataset stored = file.dataset("mask");
    long width = kspace.shape()[3];
    if (stored.rank() != 1 || stored.shape()[0] != width) {
      throw new DataException(
          file.path() + ": 'mask' is " + stored + ", but 'kspace' " + kspace + " has W = " + width);
    }
    double[] values = stored.readNumbers();
    float[] mask = new float[values.length];
    boolean sampled = false;
    for (int w = 0; w < mask.length; w++) {
      if (values[w] != 0 && values[w] != 1) {
        throw new DataException(
            file.path() + ": 'mask' holds " + values[w] + " at column " + w + ", expected 0 or 1");
      }
      mask[w] = (float) values[w];
      sampled |= mask[w] != 0;
    }
    if (!sampled) {
      throw new DataException(file.path() + ": 'mask' " + stored + " is all zero: nothing sampled");
    }
    return SamplingMask.of(mask);
  }

  /** The number of slices. */
  public int slices() {
    return extent(0);
  }

  /** The number of receive coils. */
  public int coils() {
    return extent(1);
  }

  /** Rows: the frequency-encode axis. */
  public int height() {
    return extent(2);
  }

  /** Columns: the phase-encode axis, the one that is undersampled. */
  public int width() {
    return extent(3);
  }

  private int extent(int axis) {
    return Math.toIntExact(kspace.shape()[axis]);
  }

  /** The file's sampling mask; a file without one is fully sampled. */
  public SamplingMask mask() {
    return mask;
  }

  /**
   * What the scanner tells of the scan, if the file has it.
   *
   * @throws DataException if it has, but that is no ISMRMRD header
   */
  public Optional<IsmrmrdHeader> header() {
    return file.has(HEADER) && file.dataset(HEADER).isText()
        ? Optional.of(
            IsmrmrdHeader.parse(
                file.dataset(HEADER).readText(), file.path() + ": '" + HEADER + "'"))
        : Optional.empty();
  }

  /**
   * Rows and columns that the header wants images to have: its reconstruction matrix, if that is
   * square in plane and no larger than the longer side of k-space.
   *
   * @throws DataException if the file has a header that cannot be read
   */
  public OptionalInt imageSize() {
    IsmrmrdHeader.Space space = header().flatMap(IsmrmrdHeader::recon).orElse(null);
    return space != null
            && space.x() == space.y()
            && space.x() > 0
            && space.x() <= Math.max(height(), width())
        ? OptionalInt.of(space.x())
        : OptionalInt.empty();
  }

  /** Copies what fastMRI's files tell of the scan, as it stands, to a file made of it. */
  public void copyDescription(Hdf5Writer to) {
    if (file.has(HEADER) && file.dataset(HEADER).isText()) {
      byte[] header = file.dataset(HEADER).readText();
      if (header.length > 0) {
        to.text(HEADER, header);
      }
    }
    for (String name : ATTRIBUTES) {
      switch (file.attribute(name).orElse(null)) {
        case String text when text.length() <= MAX_ATTRIBUTE_CHARS -> to.attribute(name, text);
        case Double number -> to.attribute(name, (double) number);
        case Long number -> to.attribute(name, (long) number);
        case null, default -> {
          // The file does not tell.
        }
      }
    }
  }

  /** The length of a slice's array: {@code 2 · coils · H · W}. */
  public int floatsPerSlice() {
    return Math.toIntExact(kspace.floatsPerSlice());
  }

  /**
   * Reads one slice.
   *
   * @param slice the slice's index
   * @param values receives complex {@code [coils, H, W]}, interleaved real and imaginary parts, of
   *     length {@link #floatsPerSlice}
   * @throws DataException if the file is damaged or a value is NaN or infinite
   */
  public void readSlice(int slice, float[] values) {
    kspace.readSlice(slice, values);
    int bad = Finite.firstNonFinite(values);
    if (bad >= 0) {
      int pixel = bad / 2;
      throw new DataException(
          "%s: 'kspace' %s holds %s at slice %d, coil %d, row %d, column %d"
              .formatted(
                  file.path(),
                  kspace,
                  values[bad],
                  slice,
                  pixel / (height() * width()),
                  pixel / width() % height(),
                  pixel % width()));
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
