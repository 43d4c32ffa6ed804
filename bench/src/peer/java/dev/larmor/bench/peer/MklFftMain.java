package dev.larmor.bench.peer;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.Map;

/**
 * The 2-D FFT of the official libtorch 2.7.1 with MKL, through DJL, in a process of its own. DJL's
 * FFT knows no orthonormal scaling, so MKL does one multiplication less here.
 */
public final class MklFftMain {
  private MklFftMain() {}

  private static final class Fft implements Peer {
    private final NDManager manager = NDManager.newBaseManager("PyTorch");
    private final long[] shape;
    private final NDArray input;

    Fft(long[] shape) {
      this.shape = shape;
      long[] pairs = Arrays.copyOf(shape, shape.length + 1);
      pairs[shape.length] = 2;
      manager.getEngine().setRandomSeed(2025);
      this.input = manager.randomNormal(new Shape(pairs)).complex();
    }

    @Override
    public String name() {
      return "mkl fft/forward/" + new Shape(shape);
    }

    @Override
    public double step() {
      long start = System.nanoTime();
      input.fft2(new long[] {shape[1], shape[2]}, new long[] {1, 2}).close();
      return (System.nanoTime() - start) * 1e-9;
    }

    @Override
    public void close() {
      manager.close();
    }
  }

  /** {@code [--shape 16x640x368] [--threads 2] [--warmup 20] [--steps 50|stdin]}. */
  public static void main(String[] args) {
    PeerProcess process =
        new PeerProcess(
            args,
            Map.of("shape", "16x640x368", "threads", "2", "warmup", "20", "steps", "50"),
            "[--shape 16x640x368] [--threads 2] [--warmup 20] [--steps 50|stdin]");
    System.setProperty("ai.djl.pytorch.num_threads", process.option("threads"));
    long[] shape =
        Arrays.stream(process.option("shape").split("x")).mapToLong(Long::parseLong).toArray();
    try (Peer peer = new Fft(shape)) {
      process.run(
          peer, () -> Map.of("libtorch", "\"" + Engine.getEngine("PyTorch").getVersion() + "\""));
    }
  }
}
