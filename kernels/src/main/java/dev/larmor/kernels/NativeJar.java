package dev.larmor.kernels;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * A jar of native libraries, unpacked once to the {@link CacheDirectory}. A file is loaded only if
 * size and SHA-256 are those known here; a damaged or foreign one is replaced. Of several processes
 * one unpacks and the others wait.
 *
 * <p>Two gigabytes are not digested at every start: what was found intact is noted in {@code
 * .checked} with the time of each file's last change, which no write to it leaves as it was.
 *
 * @param title what it is, for messages
 * @param artifact its Maven coordinates, for messages
 * @param version names the directory that it is unpacked to
 * @param resources folder inside the jar, as {@code /lib/}
 * @param libraries what is unpacked
 */
public record NativeJar(
    String title, String artifact, String version, String resources, List<Library> libraries) {

  /** A file of the jar. */
  public record Library(String name, long bytes, String sha256) {}

  /** The libraries can not be had; the message is one sentence. */
  public static final class UnpackException extends Exception {
    private static final long serialVersionUID = 1L;

    UnpackException(String message) {
      super(message);
    }
  }

  /** The process locks a file once; its threads wait for each other here. */
  private static final Object UNPACKING = new Object();

  private static final String CHECKED = ".checked";

  /** Whether the jar is there to be unpacked. */
  public boolean isOnClassPath() {
    return NativeJar.class.getResource(resources + libraries.getFirst().name) != null;
  }

  /**
   * The directory with the libraries, each intact.
   *
   * @throws UnpackException with the reason
   */
  public Path unpack() throws UnpackException {
    return unpack(CacheDirectory.of(version));
  }

  Path unpack(Path directory) throws UnpackException {
    try {
      if (!isChecked(directory)) {
        CacheDirectory.create(directory);
        synchronized (UNPACKING) {
          try (FileChannel file =
                  FileChannel.open(
                      directory.resolve(".lock"),
                      StandardOpenOption.CREATE,
                      StandardOpenOption.WRITE);
              FileLock _ = file.lock()) {
            unpackTo(directory);
          }
        }
      }
      return directory;
    } catch (IOException e) {
      throw new UnpackException(
          title
              + " could not be unpacked to "
              + directory
              + " (set LARMOR_CACHE to a writable place): "
              + reason(e));
    }
  }

  private void unpackTo(Path directory) throws IOException, UnpackException {
    if (isChecked(directory)) {
      return; // by the process we waited for
    }
    // A process that was killed left its half behind.
    try (DirectoryStream<Path> halves = Files.newDirectoryStream(directory, "*.partial")) {
      for (Path half : halves) {
        Files.delete(half);
      }
    }
    for (Library library : libraries) {
      Path target = directory.resolve(library.name);
      if (!isIntact(target, library)) {
        unpack(library, target);
      }
    }
    Path note = Files.createTempFile(directory, CHECKED, ".partial");
    Files.writeString(note, note(directory));
    Files.move(note, directory.resolve(CHECKED), StandardCopyOption.ATOMIC_MOVE);
  }

  private void unpack(Library library, Path target) throws IOException, UnpackException {
    Path partial = Files.createTempFile(target.getParent(), library.name, ".partial");
    try {
      MessageDigest digest = sha256();
      try (InputStream in = NativeJar.class.getResourceAsStream(resources + library.name)) {
        if (in == null) {
          throw new UnpackException("the jar " + artifact + " is not on the class path");
        }
        Files.copy(new DigestInputStream(in, digest), partial, StandardCopyOption.REPLACE_EXISTING);
      }
      if (!hex(digest).equals(library.sha256)) {
        throw new UnpackException(
            "the jar on the class path is not "
                + artifact
                + ": "
                + library.name
                + " differs from the known content");
      }
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwx------"));
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private boolean isChecked(Path directory) throws IOException {
    try {
      byte[] note = Files.readAllBytes(directory.resolve(CHECKED));
      return Arrays.equals(note, note(directory).getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private String note(Path directory) throws IOException {
    StringBuilder note = new StringBuilder();
    for (Library library : libraries) {
      Path file = directory.resolve(library.name);
      note.append(library.name)
          .append(' ')
          .append(Files.size(file))
          .append(' ')
          .append(Files.getAttribute(file, "unix:ctime"))
          .append(' ')
          .append(library.sha256)
          .append('\n');
    }
    return note.toString();
  }

  private static boolean isIntact(Path path, Library library) throws IOException {
    if (!Files.isRegularFile(path) || Files.size(path) != library.bytes) {
      return false;
    }
    MessageDigest digest = sha256();
    byte[] block = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(path)) {
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        digest.update(block, 0, read);
      }
    }
    return hex(digest).equals(library.sha256);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Exceptions of files have a message that is but the path. */
  private static String reason(IOException e) {
    return switch (e) {
      case AccessDeniedException denied -> "permission denied for " + denied.getFile();
      case FileSystemException file when file.getReason() != null -> file.getReason();
      default -> e.toString();
    };
  }
}
