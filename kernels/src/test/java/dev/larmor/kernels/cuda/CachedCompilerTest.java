package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kernels are compiled once for all they depend on, and damaged files are noticed. */
class CachedCompilerTest {
  @TempDir private Path folder;

  /** Makes a name of what it is asked for, and counts. */
  private static final class Counting implements KernelCompiler {
    private String identity = "compiler 1";
    private int compiled;

    @Override
    public String identity() {
      return identity;
    }

    @Override
    public byte[] compile(String name, String source, List<String> options) {
      compiled++;
      return (identity + options + source).getBytes(StandardCharsets.UTF_8);
    }
  }

  private final Counting counting = new Counting();

  private String compile(String source, String... options) {
    CachedCompiler cached = new CachedCompiler(counting, folder.resolve("kernels"));
    byte[] image = cached.compile("a.cu", source, List.of(options));
    byte[] again = cached.compile("a.cu", source, List.of(options));
    assertArrayEquals(image, again);
    return new String(image, StandardCharsets.UTF_8);
  }

  @Test
  void compilesAgainOnlyWhenSomethingDiffers() {
    assertEquals("compiler 1[-D]x", compile("x", "-D"));
    assertEquals("compiler 1[-D]x", compile("x", "-D"));
    assertEquals(1, counting.compiled);
    compile("y", "-D");
    compile("x");
    counting.identity = "compiler 2";
    assertEquals("compiler 2[-D]x", compile("x", "-D"));
    assertEquals(4, counting.compiled);
  }

  @Test
  void isForItsOwnerAlone() throws IOException {
    compile("x");
    assertEquals(
        "[OWNER_EXECUTE, OWNER_READ, OWNER_WRITE]",
        Files.getPosixFilePermissions(folder.resolve("kernels")).stream().sorted().toList().stream()
            .map(Enum::name)
            .sorted()
            .toList()
            .toString());
  }

  @Test
  void compilesAgainWhatIsDamaged() throws IOException {
    compile("x");
    try (Stream<Path> files = Files.list(folder.resolve("kernels"))) {
      Path file = files.findFirst().orElseThrow();
      byte[] bytes = Files.readAllBytes(file);
      bytes[3] ^= 1;
      Files.write(file, bytes);
      assertEquals("compiler 1[]x", compile("x"));
      Files.write(file, new byte[] {1, 2});
      assertEquals("compiler 1[]x", compile("x"));
      Files.write(file, new byte[0]);
      assertEquals("compiler 1[]x", compile("x"));
    }
    assertEquals(4, counting.compiled);
  }

  @Test
  void onlyTakesTimeWhereItCanNotWrite() throws IOException {
    Files.writeString(folder.resolve("kernels"), "a file is in the way");
    assertEquals("compiler 1[]x", compile("x"));
    assertEquals(2, counting.compiled);
  }
}
