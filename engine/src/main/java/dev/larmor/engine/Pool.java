package dev.larmor.engine;

import dev.larmor.engine.Ledger.Tag;
import java.util.ArrayDeque;
import java.util.Locale;
import java.util.TreeMap;

/**
 * Reuses a backend's blocks. Sizes are rounded up to classes (eight per octave, so at most 1/8 is
 * lost), and a request is served by a block of its class: what is live then depends on the requests
 * alone, and a dry run foretells it to the byte.
 *
 * <p>Fresh memory is dear: the system fills its pages with zeros, one by one, as they are first
 * touched, which takes longer than most ops. So the pool keeps every block it may: no more is held
 * than was once live at the same time, or than a bound, whichever is larger. Slice widths vary from
 * volume to volume, and a pool without such a limit would keep every width's blocks for ever.
 *
 * <p>When the budget would be exceeded, or the device has no more, blocks are given back first;
 * only then is the request refused, with the bill.
 */
final class Pool {
  private static final long GRANULE = 256;

  private final Backend backend;
  private final Ledger ledger;
  private final long cacheBytes;
  private final TreeMap<Long, ArrayDeque<Buffer>> free = new TreeMap<>();
  private long mostLive;

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
    Buffer buffer = free.containsKey(size) ? uncache(size) : fresh(size, tag, where);
    ledger.charge(tag, where, size);
    mostLive = Math.max(mostLive, ledger.live());
    return buffer;
  }

  /** Whether a block for {@code bytes} more would be within the budget. */
  boolean fits(long bytes) {
    return bytes == 0 || Math.addExact(ledger.live(), sizeClass(bytes)) <= ledger.budget();
  }

  private Buffer fresh(long size, Tag tag, String where) {
    long live = Math.addExact(ledger.live(), size);
    if (live > ledger.budget()) {
      throw exceeded("out of budget on " + backend.name(), size, tag, where);
    }
    long most = Math.max(cacheBytes, Math.max(mostLive, live));
    trim(Math.min(most, ledger.budget()) - live);
    try {
      return backend.allocate(size);
    } catch (OutOfMemoryError e) {
      trim(0);
      try {
        return backend.allocate(size);
      } catch (OutOfMemoryError again) {
        throw exceeded(backend.name() + ": " + again.getMessage(), size, tag, where);
      }
    }
  }

  private BudgetExceededException exceeded(String what, long size, Tag tag, String where) {
    return new BudgetExceededException(
        what
            + ": "
            + Ledger.readable(size)
            + " more for "
            + tag.name().toLowerCase(Locale.ROOT)
            + (where.isEmpty() ? "" : " at " + where)
            + "; "
            + ledger.bill());
  }

  void give(Buffer buffer, Tag tag, String where) {
    ledger.credit(tag, where, buffer.bytes());
    free.computeIfAbsent(buffer.bytes(), k -> new ArrayDeque<>()).push(buffer);
    ledger.cached(buffer.bytes());
  }

  /**
   * Gives cached blocks back until at most {@code bytes} of them remain: the smallest that is
   * enough, or else the largest.
   */
  void trim(long bytes) {
    while (ledger.cached() > bytes) {
      Long enough = free.ceilingKey(ledger.cached() - bytes);
      backend.free(uncache(enough == null ? free.lastKey() : enough));
    }
  }

  private Buffer uncache(long size) {
    ArrayDeque<Buffer> blocks = free.get(size);
    Buffer buffer = blocks.pop();
    if (blocks.isEmpty()) {
      free.remove(size);
    }
    ledger.cached(-size);
    return buffer;
  }
}
