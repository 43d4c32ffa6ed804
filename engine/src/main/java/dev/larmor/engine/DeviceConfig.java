package dev.larmor.engine;

import java.util.Objects;

/**
 * How a device is opened; concluded once, checked once.
 *
 * @param threads worker threads of a CPU backend, at least 1
 * @param budgetBytes hard limit on the bytes held (live and cached); {@link Long#MAX_VALUE} for
 *     none
 * @param cacheBytes bytes that the pool may hold, live and for reuse, even if there were never as
 *     many live
 * @param precision what the device will compute in: a card lays feature maps out channels-last and
 *     uses its tensor cores where the precision asks for it, and {@link Precision#FP32} means F32
 *     products
 */
public record DeviceConfig(int threads, long budgetBytes, long cacheBytes, Precision precision) {
  /** All processors, no budget, a gibibyte for reuse, FP32. */
  public static final DeviceConfig DEFAULT =
      new DeviceConfig(
          Runtime.getRuntime().availableProcessors(), Long.MAX_VALUE, 1L << 30, Precision.FP32);

  /** The budget of an 8 GB GTX 1080: 8 GiB less what the context and a desktop take. */
  public static final long GTX1080_BUDGET = (long) (7.2 * (1L << 30));

  public DeviceConfig {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be at least 1, not " + threads);
    }
    if (budgetBytes < 1) {
      throw new IllegalArgumentException("budget must be at least 1 byte, not " + budgetBytes);
    }
    if (cacheBytes < 0) {
      throw new IllegalArgumentException("cache must not be negative: " + cacheBytes);
    }
    Objects.requireNonNull(precision, "precision");
  }

  public DeviceConfig withThreads(int n) {
    return new DeviceConfig(n, budgetBytes, cacheBytes, precision);
  }

  public DeviceConfig withBudget(long bytes) {
    return new DeviceConfig(threads, bytes, cacheBytes, precision);
  }

  public DeviceConfig withCache(long bytes) {
    return new DeviceConfig(threads, budgetBytes, bytes, precision);
  }

  public DeviceConfig withPrecision(Precision p) {
    return new DeviceConfig(threads, budgetBytes, cacheBytes, p);
  }
}
