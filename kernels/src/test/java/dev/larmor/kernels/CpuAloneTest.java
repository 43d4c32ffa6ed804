package dev.larmor.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.op.Add;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who computes on the processor pays nothing for cards: no class of theirs, no library. */
class CpuAloneTest {
  @TempDir Path directory;

  /** Adds on the device named, and tells which libraries are in the process afterwards. */
  static final class Program {
    private Program() {}

    public static void main(String[] args) throws Exception {
      try (Device device = Device.open(args[0])) {
        Scope.run(() -> new Add().apply(device.scalar(1), device.scalar(2)).toDoubles());
      }
      Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.matches(".*/lib(J?[Cc]u|J?[Nn]v)[^/]*"))
          .forEach(System.out::println);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "ref"})
  void nothingOfCudaIsLoaded(String device) throws Exception {
    Path log = directory.resolve("classes");
    String libraries =
        new ChildProcess().option("-Xlog:class+load:file=" + log).run(Program.class, device);
    assertEquals("", libraries);
    List<String> classes = Files.readAllLines(log);
    assertTrue(classes.stream().anyMatch(line -> line.contains("dev.larmor.engine.Device ")));
    assertEquals(
        List.of(),
        classes.stream()
            .filter(line -> line.contains(" jcuda.") || line.contains("kernels.cuda."))
            .filter(line -> !line.contains("Emulated")) // the tests' own
            .toList());
  }
}
