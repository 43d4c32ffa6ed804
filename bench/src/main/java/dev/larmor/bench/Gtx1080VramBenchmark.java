package dev.larmor.bench;

import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;
import dev.larmor.models.training.DryRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
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

/**
 * The published model's training step within the memory of a GTX 1080, 7.2 GiB. Fails where it does
 * not fit, and where memory grows from the first half of the steps to the second: {@code -p
 * steps=1000 -p widths=8} looks for that with slices of different widths.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class Gtx1080VramBenchmark {
  private static final double GIB = 1L << 30;

  /** What the driver may take meanwhile for code that libraries load when they first need it. */
  private static final double DRIVER_SLACK = 64 << 20;

  @Param({"KNEE", "BRAIN"})
  private Scan scan;

  @Param("2")
  private int steps;

  @Param("1")
  private int widths;

  private final List<DryRun.Size> sizes = new ArrayList<>();
  private Gtx1080Run run;

  @Setup(Level.Trial)
  public void open() {
    DryRun.Size full = scan.size();
    for (int i = 0; i < widths; i++) {
      sizes.add(new DryRun.Size(full.coils(), full.height(), full.width() - 4 * i, full.target()));
    }
    run = new Gtx1080Run(TimedModel.Mode.TRAIN, Precision.FP32, sizes);
  }

  @TearDown(Level.Trial)
  public void close() {
    run.close();
  }

  /** Steps, and what they held. */
  @Benchmark
  public void trainingStep() {
    steps(0, steps / 2);
    long firstPeak = run.peak();
    OptionalLong firstDriver = run.driverBytes();
    run.resetPeak();
    steps(steps / 2, steps);
    Limit budget =
        Limit.of(
            "peak of a training step, " + scan.title() + ", fp32",
            "GiB",
            DeviceConfig.GTX1080_BUDGET / GIB);
    run.verdict(budget, Math.max(firstPeak, run.peak()) / GIB).report();
    if (run.isModelled()) {
      return;
    }
    OptionalLong driver = run.driverBytes();
    System.out.printf(
        Locale.ROOT,
        "  foretold by the dry run: %.3f GiB; taken of the card by the driver's account: %s%n",
        run.predictedPeak() / GIB,
        driver.isPresent()
            ? String.format(Locale.ROOT, "%.3f GiB", driver.getAsLong() / GIB)
            : "not known");
    if (steps < 2 * widths) {
      return; // the second half has seen other slices
    }
    Limit.of("peak of the second half of " + steps + " steps", "GiB", firstPeak / GIB)
        .measured(run.peak() / GIB, run.where())
        .report();
    if (driver.isPresent() && firstDriver.isPresent()) {
      double most = (firstDriver.getAsLong() + DRIVER_SLACK) / GIB;
      Limit.of("taken of the card after " + steps + " steps", "GiB", most)
          .measured(driver.getAsLong() / GIB, run.where())
          .report();
    }
  }

  private void steps(int from, int to) {
    for (int i = from; i < to; i++) {
      run.run(sizes.get(i % sizes.size()));
    }
  }
}
