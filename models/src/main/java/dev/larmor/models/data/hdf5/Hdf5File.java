package dev.larmor.models.data.hdf5;

import dev.larmor.models.data.DataException;
import io.jhdf.GlobalHeap;
import io.jhdf.HdfFile;
import io.jhdf.api.Attribute;
import io.jhdf.api.Dataset;
import io.jhdf.api.Node;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * An HDF5 file open for reading.
 *
 * <p>The file is read with positioned reads and never memory-mapped: a mapping lives until the
 * garbage collector finds it, and one per chunk would soon exhaust the process's mappings. Reading
 * from several threads at once is safe; interrupting a reading thread closes the file (see {@link
 * java.nio.channels.InterruptibleChannel}).
 */
public final class Hdf5File implements AutoCloseable {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 26, '\n'};

  private final Path path;
  private final FileChannel channel;
  private final HdfFile hdf;

  private Hdf5File(Path path, FileChannel channel, HdfFile hdf) {
    this.path = path;
    this.channel = channel;
    this.hdf = hdf;
  }

  /**
   * Opens a file and checks that it is HDF5 and complete.
   *
   * @throws DataException if the file is missing, unreadable, not HDF5 or truncated
   */
  public static Hdf5File open(Path path) {
    Objects.requireNonNull(path, "path");
    if (!Files.exists(path)) {
      throw new DataException(path + ": no such file");
    }
    if (!Files.isRegularFile(path)) {
      throw new DataException(path + ": not a regular file");
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(path, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new DataException(path + ": cannot be opened: " + e.getMessage(), e);
    }
    try {
      return new Hdf5File(path, channel, parse(path, channel));
    } catch (RuntimeException | Error e) {
      closeQuietly(channel);
      throw e;
    }
  }

  private static HdfFile parse(Path path, FileChannel channel) {
    HdfFile hdf;
    try {
      if (!hasSignature(channel)) {
        throw new DataException(path + ": not an HDF5 file");
      }
      // As a plain byte channel, so that jHDF reads instead of mapping.
      hdf = new HdfFile(channel, path.toUri());
    } catch (DataException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new DataException(path + ": damaged or truncated HDF5 file: " + rootMessage(e), e);
    }
    long expected = hdf.getHdfBackingStorage().getSuperblock().getEndOfFileAddress();
    long found = hdf.getHdfBackingStorage().size();
    if (expected > found) {
      throw new DataException(
          path + ": truncated HDF5 file: " + found + " bytes of " + expected + " are there");
    }
    return hdf;
  }

  /** Whether the signature is where it may be: at byte 0, 512, 1024, 2048 … */
  private static boolean hasSignature(FileChannel channel) throws IOException {
    for (long at = 0; at < channel.size(); at = at == 0 ? 512 : 2 * at) {
      ByteBuffer found = ByteBuffer.allocate(SIGNATURE.length);
      if (channel.read(found, at) == SIGNATURE.length && Arrays.equals(found.array(), SIGNATURE)) {
        return true;
      }
    }
    return false;
  }

  /** The file's path as it was given. */
  public Path path() {
    return path;
  }

  /** Whether the file's root group holds a data set of this name. */
  public boolean has(String key) {
    return child(key) instanceof Dataset;
  }

  /**
   * A data set of the root group.
   *
   * @throws DataException if there is none of this name
   */
  public Hdf5Dataset dataset(String key) {
    Node node = child(key);
    if (node == null) {
      throw new DataException(path + ": no dataset '" + key + "', the file has " + keys());
    }
    if (!(node instanceof Dataset dataset)) {
      throw new DataException(path + ": '" + key + "' is a group, not a dataset");
    }
    return Hdf5Dataset.of(this, key, dataset);
  }

  /**
   * A numeric scalar attribute of the root group (float or integer of any width), if present.
   *
   * @throws DataException if the attribute exists but is not one number
   */
  public OptionalDouble number(String attribute) {
    try {
      Attribute found = hdf.getAttribute(attribute);
      if (found == null) {
        return OptionalDouble.empty();
      }
      Object value = found.getData();
      if (value != null && value.getClass().isArray() && Array.getLength(value) == 1) {
        value = Array.get(value, 0);
      }
      if (value instanceof Number number) {
        return OptionalDouble.of(number.doubleValue());
      }
      throw new DataException(path + ": attribute '" + attribute + "' is not a number");
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException e) {
      throw damaged("attribute '" + attribute + "' cannot be read", e);
    }
  }

  /**
   * A text attribute of the root group, if present.
   *
   * @throws DataException if the attribute exists but is not text
   */
  public Optional<String> text(String attribute) {
    try {
      Attribute found = hdf.getAttribute(attribute);
      if (found == null) {
        return Optional.empty();
      }
      if (found.getData() instanceof String text) {
        return Optional.of(text);
      }
      throw new DataException(path + ": attribute '" + attribute + "' is not text");
    } catch (DataException e) {
      throw e;
    } catch (RuntimeException e) {
      throw damaged("attribute '" + attribute + "' cannot be read", e);
    }
  }

  /** An attribute of the root group if it is one text or number: a String, a Double or a Long. */
  public Optional<Object> attribute(String name) {
    try {
      Attribute found = hdf.getAttribute(name);
      Object value = found == null || found.getSize() != 1 ? null : found.getData();
      if (value != null && value.getClass().isArray()) {
        value = Array.get(value, 0);
      }
      return switch (value) {
        case String text -> Optional.of(text);
        case Float _, Double _ -> Optional.of(((Number) value).doubleValue());
        case Number number -> Optional.of(number.longValue());
        case null, default -> Optional.empty();
      };
    } catch (RuntimeException e) {
      throw damaged("attribute '" + name + "' cannot be read", e);
    }
  }

  @Override
  public void close() {
    try {
      hdf.close();
    } finally {
      closeQuietly(channel);
    }
  }

  FileChannel channel() {
    return channel;
  }

  /** The collection of values of variable length at an address. */
  GlobalHeap heap(long address) {
    return new GlobalHeap(hdf.getHdfBackingStorage(), address);
  }

  long userBlockSize() {
    return hdf.getUserBlockSize();
  }

  DataException damaged(String what, Throwable cause) {
    return new DataException(path + ": " + what + ": " + rootMessage(cause), cause);
  }

  private Node child(String key) {
    try {
      return hdf.getChild(key);
    } catch (RuntimeException e) {
      throw damaged("'" + key + "' cannot be looked up in the damaged HDF5 file", e);
    }
  }

  private String keys() {
    List<String> keys = hdf.getChildren().keySet().stream().sorted().toList();
    return keys.isEmpty() ? "none" : String.join(", ", keys);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing was written: a failed close loses nothing.
    }
  }
}
