package dev.larmor.engine;

import dev.larmor.engine.op.Cost;

/**
 * What a device can do at best (Williams et al., "Roofline", 2009): no op is faster than its
 * arithmetic or its memory traffic allows.
 *
 * @param flopPerSecond floating-point operations per second in F32
 * @param bytesPerSecond memory bandwidth
 */
public record Roofline(double flopPerSecond, double bytesPerSecond) {
  public Roofline {
    if (!(flopPerSecond > 0) || !(bytesPerSecond > 0)) {
      throw new IllegalArgumentException(
          "roofline of " + flopPerSecond + " FLOP/s and " + bytesPerSecond + " B/s");
    }
  }

  /** Least time for an op of this cost, seconds. */
  public double seconds(Cost cost) {
    return Math.max(cost.flop() / flopPerSecond, cost.bytes() / bytesPerSecond);
  }
}
