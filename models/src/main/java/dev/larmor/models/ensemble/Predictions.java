package dev.larmor.models.ensemble;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Images on the disk for as long as they are needed: those of many members and volumes are more
 * than memory holds. The file has no name any more once it is open where the system can do that
 * (Linux, macOS), so not even a kill leaves it behind.
 */
final class Predictions implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private long end;

  /** An empty file in a folder, which is made if missing. */
  Predictions(Path folder) {
    file = folder.resolve(".predictions.tmp");
    try {
      Files.createDirectories(folder);
      channel =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  /** Appends an image; returns where it is. */
  long write(float[] image) {
    long at = end;
    ByteBuffer bytes = buffer(image.length);
    bytes.asFloatBuffer().put(image);
    try {
      while (bytes.hasRemaining()) {
        end += channel.write(bytes, end);
      }
    } catch (IOException e) {
      throw failure(e);
    }
    return at;
  }

  /** Reads the image at a place. */
  float[] read(long at, int pixels) {
    ByteBuffer bytes = buffer(pixels);
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, at + bytes.position()) < 0) {
          throw new IOException("it ends early");
        }
      }
    } catch (IOException e) {
      throw failure(e);
    }
    float[] image = new float[pixels];
    bytes.flip().asFloatBuffer().get(image);
    return image;
  }

  private static ByteBuffer buffer(int floats) {
    return ByteBuffer.allocate(Math.multiplyExact(4, floats)).order(ByteOrder.nativeOrder());
  }

  private UncheckedIOException failure(IOException e) {
    return new UncheckedIOException(
        file + ": images cannot be kept for the search: " + e.getMessage(), e);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failure(e);
    }
  }
}
