package dev.larmor.kernels.cuda;

import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.CacheDirectory;
import java.util.ArrayDeque;
import java.util.Deque;

/** A card of this machine, by JCuda and NVIDIA's libraries. */
final class JCudaCard implements Cuda {
  /** Pascal; older cards lack what the kernels use. */
  private static final int OLDEST = 60;

  private final Deque<Runnable> undo = new ArrayDeque<>();
  private final CardDriver driver;
  private final KernelCompiler compiler;
  private final CuFft fft;
  private final CuBlas blas;
  private final CuDnn dnn;
  private Nccl nccl;

  /**
   * Opens a card.
   *
   * @param index number of the card, less than {@link Cards#count}
   * @throws DeviceException in one sentence why it can not be used
   */
  JCudaCard(int index) {
    String name = "cuda:" + index;
    CardFacts card = Cards.facts(index);
    if (card.capability() < OLDEST) {
      throw new DeviceException(
          "%s is too old: %s has compute capability %d.%d, and %d.%d is the least"
              .formatted(name, card.name(), card.major(), card.minor(), OLDEST / 10, OLDEST % 10));
    }
    CudaLibraries.load();
    compiler =
        new CachedCompiler(
            new NvrtcCompiler(card.capability(), card.driver()), CacheDirectory.of("kernels"));
    try {
      driver = new CardDriver(name, index);
      undo.push(driver::close);
      fft = new CuFft(driver);
      undo.push(fft::close);
      blas = new CuBlas(driver);
      undo.push(blas::close);
      dnn = new CuDnn(driver);
      undo.push(dnn::close);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  @Override
  public Driver driver() {
    return driver;
  }

  @Override
  public KernelCompiler compiler() {
    return compiler;
  }

  @Override
  public FftLibrary fft() {
    return fft;
  }

  @Override
  public BlasLibrary blas() {
    return blas;
  }

  @Override
  public DnnLibrary dnn() {
    return dnn;
  }

  @Override
  public NcclLibrary nccl() {
    if (nccl == null) {
      nccl = Nccl.find(driver.collectiveStream());
    }
    return nccl;
  }

  @Override
  public void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }
}
