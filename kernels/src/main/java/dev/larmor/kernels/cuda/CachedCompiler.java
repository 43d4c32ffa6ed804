package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.CacheDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Keeps compiled kernels on disk, by everything they depend on: the source, the options, and the
 * compiler's identity with the card's architecture and the driver. Each file ends with its own
 * digest, so a damaged one is compiled again; it is written beside and renamed, so processes may
 * share the folder. A folder that can not be written to only costs time.
 */
record CachedCompiler(KernelCompiler compiler, Path folder) implements KernelCompiler {
  private static final int DIGEST_BYTES = 32;

  @Override
  public String identity() {
    return compiler.identity();
  }

  @Override
  public byte[] compile(String name, String source, List<String> options) {
    Path file = folder.resolve(key(source, options) + ".kernel");
    byte[] known = read(file);
    if (known != null) {
      return known;
    }
    byte[] image = compiler.compile(name, source, options);
    write(file, image);
    return image;
  }

  private String key(String source, List<String> options) {
    MessageDigest digest = sha256();
    for (String part : List.of(compiler.identity(), String.join(" ", options), source)) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      digest.update(bytes);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static byte[] read(Path file) {
    try {
      byte[] all = Files.readAllBytes(file);
      int length = all.length - DIGEST_BYTES;
      if (length <= 0) {
        return null;
      }
      byte[] image = Arrays.copyOf(all, length);
      byte[] digest = Arrays.copyOfRange(all, length, all.length);
      return MessageDigest.isEqual(sha256().digest(image), digest) ? image : null;
    } catch (IOException e) {
      return null;
    }
  }

  private void write(Path file, byte[] image) {
    Path beside = null;
    try {
      CacheDirectory.create(folder);
      beside = Files.createTempFile(folder, "new", null);
      byte[] all = Arrays.copyOf(image, image.length + DIGEST_BYTES);
      System.arraycopy(sha256().digest(image), 0, all, image.length, DIGEST_BYTES);
      Files.write(beside, all);
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      delete(beside);
    }
  }

  private static void delete(Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      // It is a file of our own in a folder of our own: it may stay.
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new DeviceException("this Java has no SHA-256");
    }
  }
}
