package dev.larmor.kernels.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The backend's kernel files. */
final class KernelFiles {
  private KernelFiles() {}

  /** Their names without ending. */
  static List<String> names() {
    try {
      Path prelude = Path.of(Kernels.class.getResource("prelude.cuh").toURI());
      try (Stream<Path> all = Files.list(prelude.getParent())) {
        return all.map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith(".cu"))
            .map(name -> name.substring(0, name.length() - 3))
            .sorted()
            .toList();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
