package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Our own kernels: files of CUDA C beside this class, each compiled for the card when one of its
 * kernels is first asked for. {@code prelude.cuh} goes before each.
 */
final class Kernels implements AutoCloseable {
  private static final String PRELUDE = text("prelude.cuh", Kernels.class);

  private final Cuda cuda;
  private final Class<?> beside;
  private final boolean channelsLast;
  private final Arena arena = Arena.ofShared();
  private final Launch launch;
  private final Map<Key, Long> functions = new HashMap<>();
  private final Map<Key, Long> modules = new HashMap<>();

  /** A kernel (or with a null function a file) as it is compiled. */
  private record Key(String file, DType element, String function) {}

  Kernels(Cuda cuda, boolean channelsLast) {
    this(cuda, channelsLast, Kernels.class);
  }

  /** Files that lie beside another class. */
  Kernels(Cuda cuda, boolean channelsLast, Class<?> beside) {
    this.cuda = cuda;
    this.beside = beside;
    this.channelsLast = channelsLast;
    this.launch = new Launch(cuda.driver(), arena);
  }

  boolean channelsLast() {
    return channelsLast;
  }

  /** Starts a kernel whose elements, if it has any, are F32. */
  Launch start(String file, String function) {
    return start(file, function, DType.F32);
  }

  /**
   * Starts a kernel: the caller gives its arguments and then its grid.
   *
   * @param file the name of a {@code .cu} file without its ending
   * @param element what {@code ELEMENT} is in the file: F32, BF16 or F16; C64 counts as F32
   */
  Launch start(String file, String function, DType element) {
    DType real = element.isComplex() ? DType.F32 : element;
    Key key = new Key(file, real, function);
    Long handle = functions.get(key);
    if (handle == null) {
      handle = cuda.driver().function(module(file, real), function);
      functions.put(key, handle);
    }
    return launch.of(handle);
  }

  /** Starts a kernel of somebody else's, from its source. */
  Launch startSource(String name, String source, String function) {
    Key key = new Key(source, DType.F32, function);
    Long handle = functions.get(key);
    if (handle == null) {
      byte[] image = cuda.compiler().compile(name, source, List.of(layout(channelsLast)));
      handle = cuda.driver().function(cuda.driver().loadModule(image), function);
      functions.put(key, handle);
    }
    return launch.of(handle);
  }

  private long module(String file, DType element) {
    return modules.computeIfAbsent(
        new Key(file, element, null),
        key ->
            cuda.driver()
                .loadModule(
                    cuda.compiler()
                        .compile(
                            file + ".cu", source(file, beside), options(element, channelsLast))));
  }

  /** The text of a file with the prelude before it; lines are counted from the file's own first. */
  static String source(String file, Class<?> beside) {
    return PRELUDE + "#line 1 \"" + file + ".cu\"\n" + text(file + ".cu", beside);
  }

  /** The compiler's options for one variant of a file. */
  static List<String> options(DType element, boolean channelsLast) {
    int number =
        switch (element) {
          case F32 -> 0;
          case BF16 -> 1;
          case F16 -> 2;
          default -> throw new DeviceException("no kernel computes in " + element);
        };
    return List.of("-DELEMENT=" + number, layout(channelsLast));
  }

  private static String layout(boolean channelsLast) {
    return "-DCHANNELS_LAST=" + (channelsLast ? 1 : 0);
  }

  private static String text(String resource, Class<?> beside) {
    try (InputStream in = beside.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no kernel file " + resource);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
