package dev.larmor.bench;

import dev.larmor.engine.Precision;
import java.util.List;
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

/** The published FI-VarNet's training step and reconstruction of a 15 x 640 x 372 slice. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 1)
@Measurement(iterations = 3)
public class ModelBenchmark {
  @Param({"TRAIN", "RECOMPUTE", "RECONSTRUCT"})
  private TimedModel.Mode mode;

  @Param("FP32")
  private Precision precision;

  @Param("2")
  private int threads;

  private Timed work;

  @Setup(Level.Trial)
  public void open() {
    work = new TimedModel(mode, precision, 1, Timed.DEVICE, threads, List.of(Scan.KNEE.size()));
  }

  @TearDown(Level.Trial)
  public void close() {
    work.close();
  }

  /** One step. */
  @Benchmark
  public void run() {
    work.run();
  }
}
