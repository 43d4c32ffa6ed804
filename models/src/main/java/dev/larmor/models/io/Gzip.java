package dev.larmor.models.io;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** Files that may be gzipped. */
public final class Gzip {
  /** Deflate can not do better: 258 bytes take at least 2 bits. */
  private static final long BEST_RATIO = 1032;

  private Gzip() {}

  /** Opens a file; one that begins like a gzip file is unpacked, whatever its name. */
  public static InputStream open(Path file) throws IOException {
    InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    try {
      return isNext(in) ? new GZIPInputStream(in, 1 << 16) : in;
    } catch (IOException | RuntimeException e) {
      in.close();
      throw e;
    }
  }

  /** Whether a stream, which must be able to go back, goes on with a gzip member. */
  public static boolean isNext(InputStream in) throws IOException {
    in.mark(2);
    boolean gzip = in.read() == 0x1F && in.read() == 0x8B;
    in.reset();
    return gzip;
  }

  /**
   * The most bytes that can come out of a deflated file: a header that promises more lies, and
   * nothing need be allocated for it.
   */
  public static long most(long packedBytes) {
    return packedBytes * BEST_RATIO;
  }
}
