package dev.larmor.kernels.cpu.dnnl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unpacking and loading, each in a process of its own, since a library is loaded but once. */
class NativeLibraryTest {

  private static final String CLASS_PATH = System.getProperty("java.class.path");

  @TempDir Path cache;

  @BeforeEach
  void nativesAreBundledForThisMachine() {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "oneDNN is bundled for linux-amd64 only");
  }

  /** Says in the child process what became of the library. */
  static final class Report {
    private Report() {}

    public static void main(String[] args) {
      System.out.println(Dnnl.unavailableReason().orElseGet(() -> "loaded " + Dnnl.version()));
    }
  }

  @Test
  void damagedFilesAreReplaced() throws Exception {
    assertTrue(report(cache, CLASS_PATH).startsWith("loaded 3.11."));
    Path directory = cache.resolve("dnnl-3.11-1.5.13-linux-x86_64");
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(directory)));
    Path gomp = directory.resolve("libgomp.so.1");
    byte[] intact = Files.readAllBytes(gomp);
    byte[] damaged = intact.clone();
    damaged[damaged.length / 2] ^= 1;
    Files.write(gomp, damaged);
    Files.write(directory.resolve("libdnnl.so.3"), new byte[] {1, 2, 3});
    assertTrue(report(cache, CLASS_PATH).startsWith("loaded 3.11."));
    assertTrue(Arrays.equals(intact, Files.readAllBytes(gomp)));
    try (var files = Files.list(directory)) {
      assertEquals(
          List.of(".checked", ".lock", "libdnnl.so.3", "libgomp.so.1"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void reasonWhenSwitchedOff() throws Exception {
    assertEquals(
        "oneDNN is switched off by -Dlarmor.dnnl=off",
        report(cache, CLASS_PATH, "-Dlarmor.dnnl=off"));
  }

  @Test
  void reasonWhenTheJarIsMissing() throws Exception {
    String without =
        Arrays.stream(CLASS_PATH.split(File.pathSeparator))
            .filter(entry -> !entry.contains("bytedeco"))
            .collect(Collectors.joining(File.pathSeparator));
    assertEquals(
        "the jar org.bytedeco:dnnl:3.11-1.5.13:linux-x86_64 is not on the class path",
        report(cache, without));
  }

  @Test
  void reasonWhenTheCacheCannotBeWritten() throws Exception {
    Path file = Files.writeString(cache.resolve("file"), "not a directory");
    String reason = report(file, CLASS_PATH);
    assertTrue(
        reason.startsWith(
            "oneDNN could not be unpacked to "
                + file.resolve("dnnl-3.11-1.5.13-linux-x86_64")
                + " (set LARMOR_CACHE to a writable place): "),
        reason);
  }

  private static String report(Path cache, String classPath, String... options)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-Xmx256m", "-cp", classPath));
    command.addAll(List.of(options));
    command.add(Report.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LARMOR_CACHE", cache.toString());
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // the JVM would print that it found them
    Process process = builder.start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    assertEquals(0, process.waitFor(), output);
    return output;
  }
}
