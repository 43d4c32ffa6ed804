package dev.larmor.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * Where backends keep what they need not make again: {@code $LARMOR_CACHE}, else {@code
 * $XDG_CACHE_HOME/larmor}, else {@code ~/.cache/larmor}. Code is loaded from there, so it is never
 * a place that others can write to.
 */
public final class CacheDirectory {
  private CacheDirectory() {}

  /** The directory {@code name} of the cache, whether or not there is one. */
  public static Path of(String name) {
    String own = System.getenv("LARMOR_CACHE");
    if (own != null && !own.isBlank()) {
      return Path.of(own).toAbsolutePath().resolve(name);
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg != null && xdg.startsWith("/")
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return caches.resolve("larmor").resolve(name);
  }

  /** Makes {@link #of} a directory that its owner alone can enter. */
  public static Path create(String name) throws IOException {
    return create(of(name));
  }

  /** Makes a directory that its owner alone can enter, if it is not there. */
  public static Path create(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
    return directory;
  }
}
