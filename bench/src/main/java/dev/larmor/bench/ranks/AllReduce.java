package dev.larmor.bench.ranks;

import dev.larmor.autograd.mpi.MpiCollective;
import dev.larmor.bench.Median;
import dev.larmor.engine.Collective;
import dev.larmor.engine.Collective.Pending;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Sums floats over ranks again and again, as {@code bench/ranks/allreduce.c} does. */
final class AllReduce {
  private static final int WARMUP = 2;

  /** As large as the exchange's buckets. */
  private static final long TENSOR = 8L << 20;

  private AllReduce() {}

  /** Host memory in one piece; the median of the slowest rank's seconds. */
  static double raw(MpiCollective ranks, long bytes, int times) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment floats = arena.allocate(bytes, 64);
      return median(ranks, times, () -> ranks.allReduce(floats));
    }
  }

  /** Tensors of the CPU, of a bucket's size, all under way together. */
  static double tensors(Collective ranks, long bytes, int times) {
    try (Device device = Device.open("cpu", DeviceConfig.DEFAULT.withThreads(1))) {
      return Scope.run(() -> {
        List<Tensor> tensors = new ArrayList<>();
        for (long left = bytes; left > 0; left -= TENSOR) {
          TensorSpec spec = TensorSpec.of(DType.F32, Math.min(left, TENSOR) / Float.BYTES);
          tensors.add(device.run(new Fill(spec, 0))[0]);
        }
        return median(
            ranks,
            times,
            () -> {
              List<Pending> underWay =
                  tensors.stream().map(t -> ranks.allReduce(List.of(t))).toList();
              return () -> underWay.forEach(Pending::await);
            });
      });
    }
  }

  private static double median(Collective ranks, int times, Supplier<Pending> sum) {
    List<Double> seconds = new ArrayList<>();
    for (int i = -WARMUP; i < times; i++) {
      ranks.barrier();
      long start = System.nanoTime();
      sum.get().await();
      double slowest = slowest(ranks, (System.nanoTime() - start) * 1e-9);
      if (i >= 0) {
        seconds.add(slowest);
      }
    }
    return Median.of(seconds);
  }

  /** The largest of what the ranks give. */
  static double slowest(Collective ranks, double own) {
    return ranks.gather(own).stream().mapToDouble(each -> each[0]).max().orElseThrow();
  }
}
