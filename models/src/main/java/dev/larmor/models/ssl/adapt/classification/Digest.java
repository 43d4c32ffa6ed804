package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/** Short names that differ where what they are made of does. */
final class Digest {
  private Digest() {}

  /** Of a text. */
  static String of(String text) {
    return UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)).toString();
  }

  /**
   * A file as it is now: its path, length and time.
   *
   * @throws DataException if there is none
   */
  static String file(Path file) {
    try {
      return "%s %d %d"
          .formatted(
              file.toAbsolutePath().normalize(),
              Files.size(file),
              Files.getLastModifiedTime(file).toMillis());
    } catch (IOException e) {
      String reason = Files.exists(file) ? "cannot be read: " + e.getMessage() : "no such file";
      throw new DataException(file + ": " + reason, e);
    }
  }
}
