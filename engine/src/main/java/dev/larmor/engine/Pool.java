package dev.larmor.engine;

import dev.larmor.engine.Ledger.Tag;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reuses a backend's blocks. Sizes are rounded up to classes (eight per octave, so at most 1/8 is
 * lost), a request is served by a cached block at most 1/8 larger, and the bytes waiting in the
 * cache are bounded: slice widths vary from volume to volume, and a cache without a bound would
 * keep every width's blocks for ever.
 *
 * <p>When the budget would be exceeded, or the device has no more, the cache is emptied first; only
 * then is the request refused, with the bill.
 */
final class Pool {
  private static final long GRANULE = 256;

  private final Backend backend;
  private final Ledger ledger;
  private final long cacheBytes;
  private final TreeMap<Long, ArrayDeque<Buffer>> free = new TreeMap<>();

  Pool(Backend backend, Ledger ledger, long cacheBytes) {
    this.backend = backend;
    this.ledger = ledger;
    this.cacheBytes = cacheBytes;
  }

  /** The size class that serves {@code bytes}. */
  static long sizeClass(long bytes) {
    if (bytes <= GRANULE) {
      return GRANULE;
    }
    long step = Math.max(GRANULE, Long.highestOneBit(bytes - 1) >> 3);
    return Math.addExact(bytes, step - 1) / step * step;
  }

  Buffer take(long bytes, Tag tag, String where) {
    long size = sizeClass(bytes);
    Map.Entry<Long, ArrayDeque<Buffer>> fit = free.ceilingEntry(size);
    if (fit != null && fit.getKey() <= size + size / 8) {
      Buffer buffer = fit.getValue().pop();
      if (fit.getValue().isEmpty()) {
        free.remove(fit.getKey());
      }
      ledger.cached(-buffer.bytes());
      ledger.charge(tag, where, buffer.bytes());
      return buffer;
    }
    if (!ledger.fits(size)) {
      trim(0);
      if (!ledger.fits(size)) {
        throw new BudgetExceededException(
            "out of budget on "
                + backend.name()
                + ": "
                + Ledger.readable(size)
                + " more for "
                + tag.name().toLowerCase(java.util.Locale.ROOT)
                + (where.isEmpty() ? "" : " at " + where)
                + "; "
                + ledger.bill());
      }
    }
    Buffer buffer = allocate(size);
    ledger.charge(tag, where, buffer.bytes());
    return buffer;
  }

  private Buffer allocate(long size) {
    try {
      return backend.allocate(size);
    } catch (OutOfMemoryError e) {
      trim(0);
      return backend.allocate(size);
    }
  }

  void give(Buffer buffer, Tag tag, String where) {
    ledger.credit(tag, where, buffer.bytes());
    if (buffer.bytes() > cacheBytes) {
      backend.free(buffer);
      return;
    }
    trim(cacheBytes - buffer.bytes());
    free.computeIfAbsent(buffer.bytes(), k -> new ArrayDeque<>()).push(buffer);
    ledger.cached(buffer.bytes());
  }

  /** Frees cached blocks, the largest first, until at most {@code bytes} remain. */
  void trim(long bytes) {
    while (ledger.cached() > bytes) {
      Map.Entry<Long, ArrayDeque<Buffer>> largest = free.lastEntry();
      Buffer buffer = largest.getValue().pop();
      if (largest.getValue().isEmpty()) {
        free.remove(largest.getKey());
      }
      ledger.cached(-buffer.bytes());
      backend.free(buffer);
    }
  }
}
