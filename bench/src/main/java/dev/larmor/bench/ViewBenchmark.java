package dev.larmor.bench;

import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.view.CropViews;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.StretchedViews;
import dev.larmor.models.simclr.view.ViewPair;
import dev.larmor.models.simclr.view.Views;
import dev.larmor.models.simclr.view.Volume;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a view of SimCLR costs one loader thread: the original's 160 x 160 x 160 and nnssl's 64 x 64
 * x 64, of a patch of 192 x 192 x 64, as they are drawn.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class ViewBenchmark {
  /** Enough that all that may be drawn is; always the same. */
  private static final int SAMPLES = 32;

  private static final long SEED = 1;

  private final Volume patch = Volume.of(new Extent(192, 192, 64));
  private final float[] stretched = new float[StretchedViews.ORIGINAL.size().voxels()];
  private final float[] crop = new float[CropViews.NNSSL.size().voxels()];

  /** Values from 0 to 1. */
  @Setup(Level.Trial)
  public void fill() {
    Philox values = Philox.of(SEED, "patch");
    for (int i = 0; i < patch.values().length; i++) {
      patch.values()[i] = values.uniform(i);
    }
  }

  /** Both views of 32 samples. */
  @Benchmark
  @OperationsPerInvocation(2 * SAMPLES)
  public void original() {
    for (int i = 0; i < SAMPLES; i++) {
      for (ViewPair pair : StretchedViews.ORIGINAL.draw(patch.extent(), Views.stream(SEED, 0, i))) {
        pair.first().apply(patch, stretched);
        pair.second().apply(patch, stretched);
      }
    }
  }

  /** All views of 32 samples, four of each. */
  @Benchmark
  @OperationsPerInvocation(4 * SAMPLES)
  public void nnssl() {
    for (int i = 0; i < SAMPLES; i++) {
      for (ViewPair pair : CropViews.NNSSL.draw(patch.extent(), Views.stream(SEED, 0, i))) {
        pair.first().apply(patch, crop);
        pair.second().apply(patch, crop);
      }
    }
  }
}
