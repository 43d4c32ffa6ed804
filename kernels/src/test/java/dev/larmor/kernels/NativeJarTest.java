package dev.larmor.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.kernels.NativeJar.Library;
import dev.larmor.kernels.NativeJar.UnpackException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeJarTest {
  private static final Library A =
      new Library(
          "liba.so", 17, "9be32d58d1d79c0349a46722741b1b6b03ed9365e2afb55ec40ef2c0d88ca8ed");
  private static final Library B =
      new Library(
          "libb.so", 18, "44ee5afb5cf57b844231bbd177a8dea146c2c2765e7034a1973d6ed920dc1907");

  private static NativeJar jar(Library... libraries) {
    return new NativeJar(
        "The test",
        "org.example:natives:1",
        "natives-1",
        "/dev/larmor/kernels/natives/",
        List.of(libraries));
  }

  private static final NativeJar JAR = jar(A, B);

  @TempDir Path cache;
  private Path directory;

  @BeforeEach
  void unpack() throws Exception {
    directory = JAR.unpack(cache.resolve("natives-1"));
  }

  private void assertIntact() throws Exception {
    assertEquals("the first library", Files.readString(directory.resolve("liba.so")));
    assertEquals("the second library", Files.readString(directory.resolve("libb.so")));
    try (var files = Files.list(directory)) {
      assertEquals(
          List.of(".checked", ".lock", "liba.so", "libb.so"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void onlyTheOwnerMayEnter() throws Exception {
    assertIntact();
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
  }

  @Test
  void intactFilesAreLeftAlone() throws Exception {
    Object note = Files.getAttribute(directory.resolve(".checked"), "unix:ctime");
    JAR.unpack(directory);
    assertEquals(note, Files.getAttribute(directory.resolve(".checked"), "unix:ctime"));
  }

  @Test
  void truncatedFileIsReplaced() throws Exception {
    Files.writeString(directory.resolve("liba.so"), "the first");
    JAR.unpack(directory);
    assertIntact();
  }

  @Test
  void otherContentOfTheSameSizeAndTimeIsReplaced() throws Exception {
    Path file = directory.resolve("libb.so");
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "the second librarY");
    Files.setLastModifiedTime(file, time);
    JAR.unpack(directory);
    assertIntact();
  }

  @Test
  void damagedNoteIsWrittenAnew() throws Exception {
    Files.write(directory.resolve(".checked"), new byte[] {-1, 0, 7});
    JAR.unpack(directory);
    assertIntact();
  }

  @Test
  void whatAKilledProcessLeftIsRemoved() throws Exception {
    Files.delete(directory.resolve(".checked"));
    Files.writeString(directory.resolve("liba.so123.partial"), "the fi");
    JAR.unpack(directory);
    assertIntact();
  }

  @Test
  void foreignJarIsRefused() {
    NativeJar other = jar(A, new Library(B.name(), B.bytes(), A.sha256()));
    assertEquals(
        "the jar on the class path is not org.example:natives:1: libb.so differs from the known"
            + " content",
        assertThrows(UnpackException.class, () -> other.unpack(cache.resolve("other")))
            .getMessage());
    assertFalse(Files.exists(cache.resolve("other").resolve("libb.so")));
  }

  @Test
  void missingJarIsNamed() {
    NativeJar missing = jar(new Library("libc.so", 1, A.sha256()));
    assertFalse(missing.isOnClassPath());
    assertTrue(JAR.isOnClassPath());
    assertEquals(
        "the jar org.example:natives:1 is not on the class path",
        assertThrows(UnpackException.class, () -> missing.unpack(cache.resolve("missing")))
            .getMessage());
  }

  @Test
  void placeThatCanNotBeWrittenIsNamed() throws Exception {
    Path file = Files.writeString(cache.resolve("file"), "not a directory");
    String message =
        assertThrows(UnpackException.class, () -> JAR.unpack(file.resolve("natives-1")))
            .getMessage();
    assertEquals(
        "The test could not be unpacked to "
            + file.resolve("natives-1")
            + " (set LARMOR_CACHE to a writable place): Not a directory",
        message);
  }

  /** Unpacks to {@code $LARMOR_CACHE}, or where else the cache is. */
  static final class Unpacker {
    private Unpacker() {}

    public static void main(String[] args) throws Exception {
      System.out.println(JAR.unpack());
    }
  }

  @Test
  void severalProcessesUnpackAtOnce() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      processes.add(new ChildProcess().with("LARMOR_CACHE", cache).start(Unpacker.class));
    }
    Files.delete(directory.resolve(".checked"));
    for (Process process : processes) {
      assertEquals(directory.toString(), ChildProcess.finish(process));
    }
    assertIntact();
  }

  @Test
  void cacheIsWhereTheSystemKeepsCaches() throws Exception {
    assertEquals(
        cache.resolve("larmor/natives-1").toString(),
        new ChildProcess()
            .with("LARMOR_CACHE", "")
            .with("XDG_CACHE_HOME", cache)
            .run(Unpacker.class));
    assertEquals(
        cache.resolve(".cache/larmor/natives-1").toString(),
        new ChildProcess()
            .with("LARMOR_CACHE", "")
            .with("XDG_CACHE_HOME", "relative")
            .option("-Duser.home=" + cache)
            .run(Unpacker.class));
  }
}
