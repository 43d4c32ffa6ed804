package dev.larmor.kernels.cpu.dnnl;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * Unpacks oneDNN from its jar into a private directory and loads it.
 *
 * <p>The jar {@code org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64} carries {@code libdnnl.so.3} (90
 * MB) and the OpenMP runtime it needs, {@code libgomp.so.1}, which it looks for beside itself. Both
 * are copied once to {@code $LARMOR_CACHE} or {@code ~/.cache/larmor}, in a directory named after
 * the version and readable by the owner only. Size and SHA-256 are compared at every load with the
 * values below, so a damaged or foreign file is replaced, never loaded.
 */
@SuppressWarnings("restricted") // calling native code is the purpose
final class NativeLibrary {

  private static final String VERSION = "dnnl-3.11-1.5.13-linux-x86_64";
  private static final String RESOURCES = "/org/bytedeco/dnnl/linux-x86_64/";

  private record Unpacked(String name, long bytes, String sha256) {}

  private static final Unpacked GOMP =
      new Unpacked(
          "libgomp.so.1",
          298_776,
          "115302e45583ad3e8df681c0a5af4c8273b7399f764965280d70d8780e5ee454");
  private static final Unpacked DNNL =
      new Unpacked(
          "libdnnl.so.3",
          89_662_848,
          "a8948803c5718bac623b664be77fb47e24328e8693997e96e02c4308b0ee826f");

  private NativeLibrary() {}

  /**
   * Loads oneDNN for the life of the process.
   *
   * @return the symbols of oneDNN and of the OpenMP runtime it is bound to
   * @throws UnavailableException with the reason in one sentence
   */
  static SymbolLookup load() throws UnavailableException {
    if ("off".equals(System.getProperty("larmor.dnnl"))) {
      throw new UnavailableException("oneDNN is switched off by -Dlarmor.dnnl=off");
    }
    String platform =
        (System.getProperty("os.name") + "-" + System.getProperty("os.arch"))
            .toLowerCase(Locale.ROOT);
    if (!platform.equals("linux-amd64")) {
      throw new UnavailableException("oneDNN is bundled for linux-amd64 only, this is " + platform);
    }
    Path directory = cacheRoot().resolve(VERSION);
    try {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
      for (Unpacked file : List.of(GOMP, DNNL)) {
        unpack(file, directory);
      }
    } catch (IOException e) {
      throw new UnavailableException(
          "oneDNN could not be unpacked to "
              + directory
              + " (set LARMOR_CACHE to a writable place): "
              + e);
    }
    try {
      // dlsym on libdnnl also searches the libgomp it is bound to, whichever copy the process uses.
      return SymbolLookup.libraryLookup(directory.resolve(DNNL.name), Arena.global());
    } catch (IllegalArgumentException e) {
      throw new UnavailableException(
          "oneDNN could not be loaded from "
              + directory
              + " (is the file system mounted noexec? set LARMOR_CACHE to another place): "
              + e.getMessage());
    }
  }

  private static Path cacheRoot() {
    String configured = System.getenv("LARMOR_CACHE");
    return configured != null && !configured.isBlank()
        ? Path.of(configured)
        : Path.of(System.getProperty("user.home"), ".cache", "larmor");
  }

  private static void unpack(Unpacked file, Path directory)
      throws IOException, UnavailableException {
    Path target = directory.resolve(file.name);
    if (isIntact(target, file)) {
      return;
    }
    Path partial = Files.createTempFile(directory, file.name, ".partial");
    try {
      try (InputStream in = NativeLibrary.class.getResourceAsStream(RESOURCES + file.name)) {
        if (in == null) {
          throw new UnavailableException(
              "the jar org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64 is not on the class path");
        }
        Files.copy(in, partial, StandardCopyOption.REPLACE_EXISTING);
      }
      if (!isIntact(partial, file)) {
        throw new UnavailableException(
            "the oneDNN jar on the class path is not version 3.11-1.5.13: "
                + file.name
                + " differs from the known content");
      }
      Files.setPosixFilePermissions(partial, PosixFilePermissions.fromString("rwx------"));
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static boolean isIntact(Path path, Unpacked file) throws IOException {
    if (!Files.isRegularFile(path) || Files.size(path) != file.bytes) {
      return false;
    }
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    byte[] block = new byte[1 << 20];
    try (InputStream in = Files.newInputStream(path)) {
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        digest.update(block, 0, read);
      }
    }
    return HexFormat.of().formatHex(digest.digest()).equals(file.sha256);
  }
}
