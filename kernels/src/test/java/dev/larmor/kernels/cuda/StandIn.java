package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.kernels.ChildProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;

/**
 * Stand-ins for NVIDIA's libraries that work on the host, compiled from {@code stand-in.c}, so that
 * JCuda's own natives run here without a card: what we pass them, and what we make of errors.
 */
final class StandIn {
  private static final List<String> COMPUTING =
      List.of("libnvrtc.so.11.2", "libcufft.so.10", "libcublas.so.11", "libcudnn.so.8");

  private StandIn() {}

  /** A process that finds a driver and the libraries in {@code directory}. */
  static ChildProcess card(Path directory) throws IOException, InterruptedException {
    for (String library : COMPUTING) {
      compile(library, directory);
    }
    return driver(directory);
  }

  /** A process that finds a driver in {@code directory} and nothing else. */
  static ChildProcess driver(Path directory) throws IOException, InterruptedException {
    compile("libcuda.so.1", directory);
    return new ChildProcess()
        .without("cuda-11.8") // profile cuda's libraries would be taken
        .with("LD_LIBRARY_PATH", directory)
        .with("CUDA_VISIBLE_DEVICES", "0");
  }

  /** NCCL for ranks that are threads of this process. */
  static Path nccl(Path directory) throws IOException, InterruptedException {
    compile("libnccl.so.2", directory);
    return directory.resolve("libnccl.so.2");
  }

  private static void compile(String library, Path directory)
      throws IOException, InterruptedException {
    if (Files.exists(directory.resolve(library))) {
      return;
    }
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/cc")), "there is no C compiler");
    Path source = directory.resolve("stand-in.c");
    try (InputStream in = StandIn.class.getResourceAsStream("stand-in.c")) {
      Files.copy(in, source, StandardCopyOption.REPLACE_EXISTING);
    }
    // JCuda's natives ask for symbols of a version that has the library's name.
    Path versions = Files.writeString(directory.resolve("map"), library + " { global: *; };");
    String macro = library.replaceFirst("lib(\\w+)\\..*", "$1").toUpperCase(Locale.ROOT);
    Process cc =
        new ProcessBuilder(
                "cc",
                "-w",
                "-shared",
                "-fPIC",
                "-D" + macro,
                "-Wl,-soname," + library,
                "-Wl,--version-script=" + versions,
                "-o",
                directory.resolve(library).toString(),
                source.toString(),
                "-lm",
                "-lpthread")
            .redirectErrorStream(true)
            .start();
    String output = new String(cc.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, cc.waitFor(), output);
  }
}
