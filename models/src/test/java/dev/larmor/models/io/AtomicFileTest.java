package dev.larmor.models.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AtomicFileTest {
  @TempDir Path folder;

  private static ByteBuffer text(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  private long filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  @Test
  void theOldFileStandsUntilTheCommit() throws IOException {
    Path path = folder.resolve("a");
    Files.writeString(path, "old");
    try (AtomicFile file = AtomicFile.replace(path)) {
      file.write(text("??? and"));
      file.write(MemorySegment.ofBuffer(text(" more")));
      assertEquals(12, file.position());
      file.overwrite(0, text("new"));
      assertThrows(IllegalArgumentException.class, () -> file.overwrite(10, text("new")));
      assertEquals("old", Files.readString(path));
      file.commit();
    }
    assertEquals("new and more", Files.readString(path));
    assertEquals(1, filesInFolder());
  }

  @Test
  void withoutCommitNothingHappened() throws IOException {
    Path path = folder.resolve("a");
    Files.writeString(path, "old");
    try (AtomicFile file = AtomicFile.replace(path)) {
      file.write(text("new"));
    }
    assertEquals("old", Files.readString(path));
    assertEquals(1, filesInFolder());
  }

  @Test
  void foldersAreMadeAndLeftOversOverwritten() throws IOException {
    Path path = folder.resolve("deep").resolve("er").resolve("a");
    Files.createDirectories(path.getParent());
    Files.writeString(path.resolveSibling(".a.tmp"), "left by a crash, and longer");
    try (AtomicFile file = AtomicFile.replace(path)) {
      file.write(text("new"));
      file.commit();
    }
    assertEquals("new", Files.readString(path));
  }

  /**
   * A disk that takes only so much: a process whose files may not exceed 16 blocks of 512 bytes or
   * 1 KiB saves over an old file.
   */
  @Test
  void aFullDiskLeavesTheOldFile() throws IOException, InterruptedException {
    Path shell = Path.of("/bin/sh");
    assumeTrue(Files.isExecutable(shell), "needs a shell with ulimit");
    Path path = folder.resolve("a");
    Files.writeString(path, "old");
    Process process =
        new ProcessBuilder(
                shell.toString(),
                "-c",
                "ulimit -f 16 && exec \"$0\" \"$@\"",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:-UsePerfData",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                FullDisk.class.getName(),
                path.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(3, process.waitFor(), output);
    assertTrue(output.contains(path + ": cannot be saved: "), output);
    assertTrue(output.contains("; the file that was there is unchanged"), output);
    assertEquals("old", Files.readString(path));
    assertEquals(1, filesInFolder());
  }

  /**
   * The process of {@link #aFullDiskLeavesTheOldFile}: exits with 3 if saving fails as it should.
   */
  static final class FullDisk {
    private FullDisk() {}

    public static void main(String[] arguments) {
      try (AtomicFile file = AtomicFile.replace(Path.of(arguments[0]))) {
        file.write(ByteBuffer.allocate(1 << 20));
        file.commit();
      } catch (UncheckedIOException e) {
        System.out.println(e.getMessage());
        System.exit(3);
      }
    }
  }
}
