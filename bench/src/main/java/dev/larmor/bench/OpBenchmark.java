package dev.larmor.bench;

import dev.larmor.engine.Precision;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * Each hot op at the shapes it has in FI-VarNet on a 15 x 640 x 372 slice (384 columns inside
 * U-Nets).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OpBenchmark {
  @Param({
    "conv/forward/1x2x640x384/32x5",
    "conv/forward/1x32x640x384/32x3",
    "conv/backward/1x32x640x384/32x3",
    "conv/forward/1x64x320x192/64x3",
    "conv/backward/1x64x320x192/64x3",
    "conv/forward/1x128x160x96/128x3",
    "conv/backward/1x128x160x96/128x3",
    "conv/forward/1x256x80x48/256x3",
    "conv/backward/1x256x80x48/256x3",
    "conv/forward/1x512x40x24/512x3",
    "conv/backward/1x512x40x24/512x3",
    "conv/forward/15x8x640x384/8x3",
    "conv/both/1x32x80x80x80/32x3",
    "upconv/both/1x64x320x192/32x2",
    "complexconv/forward/1x16x640x372/16x3",
    "complexconv/backward/1x16x640x372/16x3",
    "complexconv/both/1x8x48x64x64/8x3",
    "normact/forward/1x32x640x384",
    "normact/backward/1x32x640x384",
    "normact/forward/1x512x40x24",
    "normact/backward/1x512x40x24",
    "normaffine/forward/1x32x64x64x64",
    "normaffine/backward/1x32x64x64x64",
    "entropy/both/1x4x96x96x96",
    "pool/both/1x32x640x384",
    "concat/forward/1x32x640x384",
    "narrow/forward/1x64x640x384",
    "reflect/both/1x32x640x372",
    "add/forward/1x32x640x384",
    "axpy/forward/1x32x640x384",
    "moments/both/1x2x640x372",
    "fft/forward/16x640x368",
    "fftc/forward/15x640x372",
    "fftc/forward/16x768x396",
    "reduce/both/15x640x372",
    "expand/both/15x640x372",
    "rss/both/15x640x372",
    "rssnorm/both/15x640x372",
    "residual/both/15x640x372",
    "dc/both/15x640x372",
    "ssim/both/1x384x384",
    "sobel/both/1x384x384",
    "adam/forward/8388608",
    "sgd/forward/8388608"
  })
  private String op;

  @Param("FP32")
  private Precision precision;

  @Param("2")
  private int threads;

  private Timed work;
  private boolean warm;
  private long calls;
  private long nanos;

  @Setup(Level.Trial)
  public void open() {
    work = new TimedOp(op, threads, precision);
  }

  @Setup(Level.Iteration)
  public void start(IterationParams iteration) {
    warm = iteration.getType() == IterationType.MEASUREMENT;
  }

  /** Prints how near the roofline the op came, on devices that have one. */
  @TearDown(Level.Trial)
  public void close() {
    String besideRoofline = work.besideRoofline(1e-9 * nanos / calls);
    if (!besideRoofline.isEmpty()) {
      System.out.printf("%n%s%n", besideRoofline); // JMH is in the middle of a line
    }
    work.close();
  }

  /** The op. */
  @Benchmark
  public void run() {
    long start = System.nanoTime();
    work.run();
    if (warm) {
      nanos += System.nanoTime() - start;
      calls++;
    }
  }
}
