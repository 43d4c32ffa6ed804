package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel file compiles for real cards, in every variant, without a warning: with nvcc for
 * compute capability 7.5, the least that CUDA 13 knows, and 9.0. (NVRTC, which the backend uses,
 * compiles them for 6.1 too where profile {@code cuda} brings it.) Where there is no nvcc the test
 * is left out, but on a build server.
 */
class KernelCompileTest {
  @TempDir private static Path folder;

  @BeforeAll
  static void findCompiler() {
    boolean there;
    try {
      there = run(List.of("nvcc", "--version")).isEmpty();
    } catch (IOException e) {
      there = false;
    }
    assertTrue(there || System.getenv("CI") == null, "a build server needs nvcc");
    assumeTrue(there, "no nvcc: kernels are compiled for the host only");
  }

  static List<String> files() {
    return KernelFiles.names();
  }

  private record Variant(DType element, boolean channelsLast) {
    static List<Variant> all() {
      return Stream.of(DType.F32, DType.BF16, DType.F16)
          .flatMap(element -> Stream.of(new Variant(element, false), new Variant(element, true)))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void compilesInEveryVariant(String file) {
    String source = Kernels.source(file, Kernels.class);
    Variant.all().parallelStream()
        .forEach(variant -> assertEquals("", compile(source, variant), variant.toString()));
  }

  @Test
  void reportsTheLineOfAMistake() {
    String source =
        Kernels.source("sums", Kernels.class) + "\n__global__ void wrong() { return 1; }";
    String log = compile(source, new Variant(DType.F32, false));
    long line = source.substring(source.indexOf("#line 1")).lines().count() - 1;
    assertTrue(log.contains("sums.cu(" + line + "): error"), log);
  }

  private static String compile(String source, Variant variant) {
    try {
      Path work = Files.createTempDirectory(folder, "variant");
      Path text = Files.writeString(work.resolve("kernel.cu"), source);
      List<String> command =
          new ArrayList<>(
              List.of(
                  "nvcc",
                  "-std=c++17",
                  "-Werror=all-warnings",
                  "-gencode=arch=compute_75,code=compute_75",
                  "-gencode=arch=compute_90,code=sm_90",
                  "-fatbin"));
      command.addAll(Kernels.options(variant.element, variant.channelsLast));
      command.addAll(List.of("-o", work.resolve("kernel.fatbin").toString(), text.toString()));
      return run(command);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a command says if it fails; empty if it does not. */
  private static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String log = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      return process.waitFor() == 0 ? "" : log;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
