package dev.larmor.engine;

import java.util.Set;

/**
 * What a backend can do.
 *
 * @param description one line for people: processor or card, libraries, instruction sets
 * @param dtypes the dtypes its kernels compute with
 * @param channelsLast whether feature maps (rank 4 and 5, floating) lie channels-last in memory:
 *     {@code (N, spatial…, C)}; then a complex image batch {@code C64[N, H, W]} and {@code F32[N,
 *     2, H, W]} are the same bytes
 * @param memoryBytes memory of the device, bytes
 * @param roofline peak arithmetic and bandwidth, or null if not known
 */
public record Capabilities(
    String description,
    Set<DType> dtypes,
    boolean channelsLast,
    long memoryBytes,
    Roofline roofline) {
  public Capabilities {
    dtypes = Set.copyOf(dtypes);
  }

  /** A device of unknown speed. */
  public Capabilities(
      String description, Set<DType> dtypes, boolean channelsLast, long memoryBytes) {
    this(description, dtypes, channelsLast, memoryBytes, null);
  }
}
