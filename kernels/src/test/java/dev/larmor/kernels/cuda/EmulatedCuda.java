package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;

/**
 * A card that is not there: {@link EmulatedDriver} runs our kernels on the host, and NVIDIA's
 * libraries are plain loops ({@code libraries.cu}). What only a real card can show – its compiler,
 * its libraries, its speed – it does not.
 */
final class EmulatedCuda implements Cuda {
  /** Where compiled kernels are kept from run to run. */
  static final Path FOLDER = Path.of("target", "emulated-cuda").toAbsolutePath();

  /** A card with everything, and more memory than a test needs. */
  static final CardFacts CARD =
      new CardFacts("emulated card", 9, 0, 8L << 30, 20, 1.7e9, 320e9, 12000);

  private final EmulatedDriver driver;
  private final KernelCompiler compiler;
  private final Arena arena = Arena.ofShared();
  private final Kernels libraries;

  /** Where the library lies that stands in for NCCL ({@link StandIn}); null for none. */
  Supplier<Path> nccl;

  EmulatedCuda(CardFacts card) {
    this(card, (file, source) -> source);
  }

  /**
   * A card whose kernels are changed before they are compiled: for tests of the tests.
   *
   * @param change makes another text of a file's name and text
   */
  EmulatedCuda(CardFacts card, BinaryOperator<String> change) {
    KernelCompiler kept = new CachedCompiler(new HostCompiler(FOLDER), FOLDER.resolve("cache"));
    compiler =
        new KernelCompiler() {
          @Override
          public String identity() {
            return kept.identity();
          }

          @Override
          public byte[] compile(String name, String source, List<String> options) {
            return kept.compile(name, change.apply(name, source), options);
          }
        };
    driver = new EmulatedDriver(card, card.memoryBytes(), FOLDER);
    libraries = new Kernels(this, false, EmulatedCuda.class);
  }

  @Override
  public EmulatedDriver driver() {
    return driver;
  }

  @Override
  public KernelCompiler compiler() {
    return compiler;
  }

  @Override
  public FftLibrary fft() {
    return (batch, height, width) ->
        new FftLibrary.Plan() {
          // Of an odd size, so that nobody relies on less.
          @Override
          public long workspaceBytes() {
            return 8L * batch * height * width + 24;
          }

          @Override
          public void run(long from, long to, boolean inverse, long workspace) {
            libraries
                .start("libraries", "fourier")
                .at(from)
                .at(to)
                .whole(batch)
                .whole(height)
                .whole(width)
                .whole(inverse ? 1 : -1)
                .grid(1, 1, 1, 1);
          }

          @Override
          public void close() {}
        };
  }

  @Override
  public BlasLibrary blas() {
    return (type, rounds, ta, tb, m, n, k, a, b, c, workspace, bytes) ->
        libraries
            .start("libraries", "matrix_product", type)
            .at(a)
            .at(b)
            .at(c)
            .whole(ta ? 1 : 0)
            .whole(tb ? 1 : 0)
            .whole(m)
            .whole(n)
            .whole(k)
            .grid(1, 1, 1, 1);
  }

  @Override
  public DnnLibrary dnn() {
    // Like a real library it can not do everything; our own kernels do the rest.
    return (problem, workspaceBytes) ->
        problem.groups() > 1 || problem.dilation().contains(2)
            ? Optional.empty()
            : Optional.of(new Convolution(problem, libraries));
  }

  private record Convolution(DnnLibrary.Problem problem, Kernels libraries)
      implements DnnLibrary.Plan {
    @Override
    public String algorithm() {
      return "loops";
    }

    @Override
    public long workspaceBytes() {
      return 0;
    }

    @Override
    public void run(long x, long w, long y, long workspace) {
      DType type = problem.type();
      Launch launch = libraries.start("libraries", "convolve", type);
      switch (problem.direction()) {
        case FORWARD -> launch.at(x).at(w).at(y);
        case INPUT -> launch.at(y).at(w).at(x);
        case WEIGHT -> launch.at(x).at(y).at(w);
      }
      int direction =
          switch (problem.direction()) {
            case FORWARD -> 0;
            case INPUT -> 1;
            case WEIGHT -> 2;
          };
      launch
          .wholes(DirectConvolution.geometry(problem))
          .whole(direction)
          .whole(problem.channelsLast() ? 1 : 0)
          .grid(1, 1, 1, 1);
    }

    @Override
    public void close() {}
  }

  @Override
  public NcclLibrary nccl() {
    if (nccl == null) {
      throw new DeviceException("libnccl.so.2 is not found, or can not be loaded");
    }
    return new NotedNccl(new Nccl(nccl.get().toString(), driver.collectiveStream()), driver);
  }

  @Override
  public void close() {
    libraries.close();
    arena.close();
    String left = driver.close();
    if (left != null) {
      throw new AssertionError("not given back to the driver: " + left);
    }
  }
}
