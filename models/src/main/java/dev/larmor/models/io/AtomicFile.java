package dev.larmor.models.io;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that is replaced as a whole: until {@link #commit}, what was there before stays as it was.
 *
 * <p>The bytes go to a hidden file in the same folder, {@code .name.tmp}; {@link #commit} flushes
 * it to the disk and renames it. A crash, a full disk or an exception at any moment leaves the old
 * file or the new one, never half of one. A left-over of a crash is overwritten by the next
 * attempt. Two writers of one file at the same time need names, for hidden files of their own.
 *
 * <pre>{@code
 * try (AtomicFile file = AtomicFile.replace(path)) {
 *   file.write(header);
 *   file.write(tensor);
 *   file.commit();
 * }
 * }</pre>
 *
 * <p>Every failure is an {@link UncheckedIOException} whose message names the file and the reason.
 */
public final class AtomicFile implements AutoCloseable {
  /** Bytes per write; bounds the copy the JDK makes of data on the Java heap. */
  private static final int BLOCK = 1 << 20;

  private final Path target;
  private final Path temporary;
  private final FileChannel channel;
  private long position;
  private boolean committed;

  private AtomicFile(Path target, Path temporary, FileChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  /** Starts the replacement of a file, which need not exist; its folder is made if missing. */
  public static AtomicFile replace(Path target) {
    return replace(target, "");
  }

  private static AtomicFile replace(Path target, String writer) {
    Path folder = target.toAbsolutePath().getParent();
    Path temporary = folder.resolve("." + target.getFileName() + writer + ".tmp");
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              temporary,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.WRITE);
      return new AtomicFile(target, temporary, channel);
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  /** Replaces a file by {@code text}, in UTF-8. */
  public static void write(Path target, String text) {
    write(target, text, "");
  }

  /** The same, by one of several that may do so at the same time: the last one's is kept. */
  public static void write(Path target, String text, String writer) {
    try (AtomicFile file = replace(target, writer)) {
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      file.commit();
    }
  }

  /** The number of bytes appended so far: where the next ones will be. */
  public long position() {
    return position;
  }

  /** Appends a buffer's remaining bytes. */
  public void write(ByteBuffer bytes) {
    position += writeAt(position, bytes);
  }

  /** Appends a segment of any size, on or off the Java heap. */
  public void write(MemorySegment bytes) {
    for (long done = 0; done < bytes.byteSize(); ) {
      long block = Math.min(BLOCK, bytes.byteSize() - done);
      write(bytes.asSlice(done, block).asByteBuffer());
      done += block;
    }
  }

  /** A stream that appends; closing it ends nothing. */
  public OutputStream stream() {
    return new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int from, int count) {
        AtomicFile.this.write(ByteBuffer.wrap(bytes, from, count));
      }
    };
  }

  /** Writes over bytes that are there already, such as a header whose values were not yet known. */
  public void overwrite(long at, ByteBuffer bytes) {
    if (at < 0 || at + bytes.remaining() > position) {
      throw new IllegalArgumentException(
          "bytes " + at + " … " + (at + bytes.remaining()) + " of " + position);
    }
    writeAt(at, bytes);
  }

  private long writeAt(long at, ByteBuffer bytes) {
    long done = 0;
    try {
      while (bytes.hasRemaining()) {
        done += channel.write(bytes, at + done);
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
    return done;
  }

  /** Flushes everything to the disk and puts the new file in the old one's place. */
  public void commit() {
    try {
      channel.force(true);
      channel.close();
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      committed = true;
      // The rename itself is on the disk only when the folder is.
      try (FileChannel folder = FileChannel.open(temporary.getParent(), StandardOpenOption.READ)) {
        folder.force(true);
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  /** Ends the replacement; without a {@link #commit} the new bytes are thrown away. */
  @Override
  public void close() {
    try {
      channel.close();
      if (!committed) {
        Files.deleteIfExists(temporary);
      }
    } catch (IOException e) {
      throw failure(target, e);
    }
  }

  private static UncheckedIOException failure(Path target, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String before = Files.exists(target) ? "; the file that was there is unchanged" : "";
    String message = target + ": cannot be saved: " + reason + before;
    return new UncheckedIOException(message, e);
  }
}
