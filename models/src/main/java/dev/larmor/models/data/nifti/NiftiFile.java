package dev.larmor.models.data.nifti;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import dev.larmor.models.io.Gzip;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** A NIfTI file, gzipped or not: its header, and all its numbers or some of them. */
public final class NiftiFile {
  private final Path path;
  private final NiftiHeader header;

  private NiftiFile(Path path, NiftiHeader header) {
    this.path = path;
    this.header = header;
  }

  /**
   * Reads the header.
   *
   * @throws DataException if the file is missing, damaged, truncated or not a NIfTI file of real
   *     numbers
   */
  public static NiftiFile open(Path path) {
    if (!Files.isRegularFile(path)) {
      throw new DataException(
          path + ": " + (Files.exists(path) ? "not a regular file" : "no such file"));
    }
    try (InputStream in = Gzip.open(path)) {
      return new NiftiFile(path, NiftiHeader.read(path, in));
    } catch (EOFException e) {
      throw new DataException(path + ": truncated NIfTI file: it ends inside the header", e);
    } catch (IOException e) {
      throw new DataException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  /** What the header says. */
  public NiftiHeader header() {
    return header;
  }

  /**
   * Reads numbers, scaled by slope and intercept; x is the fastest axis.
   *
   * @param first the first one's index
   * @throws DataException if the file is damaged or has not as many
   */
  public float[] values(long first, int count) {
    long begin = header.offset() + first * header.type().bytes();
    long end = begin + (long) count * header.type().bytes();
    try (InputStream in = Gzip.open(path)) {
      long size = Files.size(path);
      if (end > (in instanceof GZIPInputStream ? Gzip.most(size) : size)) {
        throw truncated(end, null);
      }
      in.skipNBytes(begin);
      float[] values =
          header.type().read(in, header.order(), count, header.slope(), header.intercept());
      if (first + count == header.numbers()) {
        in.transferTo(OutputStream.nullOutputStream()); // checks gzip's sum at the end
      }
      return values;
    } catch (EOFException e) {
      throw truncated(end, e);
    } catch (IOException e) {
      throw new DataException(path + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private DataException truncated(long end, EOFException e) {
    return new DataException(
        "%s: truncated NIfTI file: by its header (dim, datatype) it has %d bytes, unpacked"
            .formatted(path, end),
        e);
  }

  /**
   * Writes a file of version 1 in place of an old one, which stays as it was if this fails. It is
   * gzipped if its name ends in {@code .gz}; equal images make equal files.
   *
   * @param values as many as the header says, in its order
   * @throws IllegalArgumentException if the header's type does not hold a value
   */
  public static void write(Path path, NiftiHeader header, float[] values) {
    boolean gzip = path.toString().toLowerCase(Locale.ROOT).endsWith(".gz");
    try (AtomicFile file = AtomicFile.replace(path)) {
      OutputStream bytes = new BufferedOutputStream(file.stream(), 1 << 16);
      try (OutputStream out = gzip ? new GZIPOutputStream(bytes, 1 << 16) : bytes) {
        out.write(header.toBytes().array());
        header.type().write(out, header.order(), values);
      }
      file.commit();
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": cannot be written: " + e.getMessage(), e);
    }
  }
}
