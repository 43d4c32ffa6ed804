package dev.larmor.bench;

import dev.larmor.engine.Precision;
import dev.larmor.models.training.DryRun;
import java.util.Arrays;
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
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.runner.IterationType;

/**
 * The published model's training step, and the time to reconstruct a set as large as the
 * leaderboard's. Fails where the step takes longer than the original's on a GTX 1080, or the set
 * longer than the challenge allows.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(
    value = 1,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
@Warmup(iterations = 2)
@Measurement(iterations = 5)
public class Gtx1080ThroughputBenchmark {
  /** One kind of slice in training. */
  @State(Scope.Benchmark)
  public static class Training {
    @Param({"KNEE", "BRAIN"})
    private Scan scan;

    @Param("FP32")
    private Precision precision;

    private Gtx1080Run run;

    @Setup(Level.Trial)
    public void open() {
      run = new Gtx1080Run(TimedModel.Mode.TRAIN, precision, List.of(scan.size()));
    }

    @Setup(Level.Iteration)
    public void start(IterationParams iteration) {
      run.measure(iteration.getType() == IterationType.MEASUREMENT);
    }

    /** Compares the steps with the original's. */
    @TearDown(Level.Trial)
    public void judge() {
      try (Gtx1080Run _ = run) {
        DryRun.Size size = scan.size();
        String what = "training step, " + scan.title() + ", " + precision.label();
        Limit limit = Limit.of(what, "s", scan.originalSeconds());
        run.verdict(run.onThisCard(limit, size), run.seconds(size)).report();
      }
    }
  }

  /** Slices as in the leaderboard's set: as many knees as brains. */
  @State(Scope.Benchmark)
  public static class Leaderboard {
    private static final int VOLUMES_EACH = 29 * 2;
    private static final int SLICES = 16;
    private static final double ALLOWED_SECONDS = 3600;

    @Param("FP32")
    private Precision precision;

    private Gtx1080Run run;

    @Setup(Level.Trial)
    public void open() {
      List<DryRun.Size> sizes = Arrays.stream(Scan.values()).map(Scan::size).toList();
      run = new Gtx1080Run(TimedModel.Mode.RECONSTRUCT, precision, sizes);
    }

    @Setup(Level.Iteration)
    public void start(IterationParams iteration) {
      run.measure(iteration.getType() == IterationType.MEASUREMENT);
    }

    /** Compares the time for the whole set with what the challenge allows. */
    @TearDown(Level.Trial)
    public void judge() {
      try (Gtx1080Run _ = run) {
        double seconds = 0;
        for (Scan scan : Scan.values()) {
          double slice = run.seconds(scan.size());
          String what =
              "reconstruction of a slice, %s, %s".formatted(scan.title(), precision.label());
          run.verdict(Limit.none(what, "s"), slice).report();
          seconds += VOLUMES_EACH * SLICES * slice;
        }
        String what =
            "reconstruction of %d volumes of %d slices, %s"
                .formatted(2 * VOLUMES_EACH, SLICES, precision.label());
        run.verdict(Limit.of(what, "s", ALLOWED_SECONDS), seconds).report();
      }
    }
  }

  /** A training step of two samples. */
  @Benchmark
  public void trainingStep(Training state) {
    state.run.run(state.scan.size());
  }

  /** A slice of each kind. */
  @Benchmark
  public void leaderboard(Leaderboard state) {
    for (Scan scan : Scan.values()) {
      state.run.run(scan.size());
    }
  }
}
