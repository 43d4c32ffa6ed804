package dev.larmor.models.data.image;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.larmor.models.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/** Every truncation of a file and many wrong bytes: a sentence or an image, nothing else. */
final class Damage {
  private Damage() {}

  static void check(Path good, Path damaged) throws IOException {
    byte[] bytes = Files.readAllBytes(good);
    ImageFile.read(Files.write(damaged, bytes));
    for (int length = 0; length < bytes.length; length++) {
      Files.write(damaged, Arrays.copyOf(bytes, length));
      assertThrows(DataException.class, () -> ImageFile.read(damaged), "length " + length);
    }
    Random random = new Random(5);
    for (int trial = 0; trial < 400; trial++) {
      byte[] wrong = bytes.clone();
      int at = random.nextInt(wrong.length);
      wrong[at] = (byte) random.nextInt(256);
      Files.write(damaged, wrong);
      try {
        ImageFile.read(damaged);
      } catch (DataException e) {
        if (!e.getMessage().startsWith(damaged.toString())) {
          fail(e);
        }
      }
    }
  }
}
