package dev.larmor.kernels.cuda;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Cuts small blocks out of large ones. The driver gives memory in pieces of 2 MiB, so thousands of
 * small tensors asked of it one by one would take far more than their bytes, and beyond the budget.
 * Blocks of {@link #LARGE} bytes and more are the driver's own; smaller ones are cut from slabs,
 * best fit first, and join their free neighbours when they come back. A slab that is all free goes
 * back to the driver.
 */
final class DeviceArena {
  /** Blocks from here on are multiples of the driver's piece, or lose little to it. */
  static final long LARGE = 8L << 20;

  static final long SLAB = 32L << 20;

  /** A free piece of a slab. */
  private record Gap(long address, long bytes, long slab) {}

  private final Driver driver;
  private final Map<Long, Long> large = new HashMap<>();
  private final List<Long> slabs = new ArrayList<>();
  private final TreeMap<Long, Gap> gapsByAddress = new TreeMap<>();
  private final TreeSet<Gap> gapsBySize =
      new TreeSet<>(Comparator.comparingLong(Gap::bytes).thenComparingLong(Gap::address));
  private final Map<Long, Gap> cut = new HashMap<>();
  private long heldBytes;

  DeviceArena(Driver driver) {
    this.driver = driver;
  }

  /** Bytes asked of the driver. */
  long heldBytes() {
    return heldBytes;
  }

  /**
   * A block of the card's memory.
   *
   * @throws OutOfMemoryError if the card has no more
   */
  long allocate(long bytes) {
    if (bytes >= LARGE) {
      return allocateLarge(bytes);
    }
    Gap gap = gapsBySize.ceiling(new Gap(0, bytes, 0));
    if (gap == null) {
      long slab;
      try {
        slab = driver.allocate(SLAB);
      } catch (OutOfMemoryError e) {
        // No room for a slab, but perhaps for this block.
        return allocateLarge(bytes);
      }
      heldBytes += SLAB;
      slabs.add(slab);
      gap = new Gap(slab, SLAB, slab);
    } else {
      remove(gap);
    }
    if (gap.bytes > bytes) {
      add(new Gap(gap.address + bytes, gap.bytes - bytes, gap.slab));
    }
    cut.put(gap.address, new Gap(gap.address, bytes, gap.slab));
    return gap.address;
  }

  private long allocateLarge(long bytes) {
    long address = driver.allocate(bytes);
    heldBytes += bytes;
    large.put(address, bytes);
    return address;
  }

  void free(long address) {
    Gap gap = cut.remove(address);
    if (gap == null) {
      heldBytes -= large.remove(address);
      driver.free(address);
      return;
    }
    Map.Entry<Long, Gap> before = gapsByAddress.lowerEntry(address);
    if (before != null) {
      gap = joined(before.getValue(), gap);
    }
    Map.Entry<Long, Gap> after = gapsByAddress.higherEntry(address);
    if (after != null) {
      gap = joined(gap, after.getValue());
    }
    if (gap.bytes == SLAB) {
      slabs.remove(gap.slab);
      heldBytes -= SLAB;
      driver.free(gap.slab);
    } else {
      add(gap);
    }
  }

  /** Two pieces as one, if they are neighbours in one slab; else the one that is not free yet. */
  private Gap joined(Gap low, Gap high) {
    boolean neighbours = low.slab == high.slab && low.address + low.bytes == high.address;
    if (!neighbours) {
      return gapsByAddress.containsKey(low.address) ? high : low;
    }
    remove(low);
    remove(high);
    return new Gap(low.address, low.bytes + high.bytes, low.slab);
  }

  private void add(Gap gap) {
    gapsByAddress.put(gap.address, gap);
    gapsBySize.add(gap);
  }

  private void remove(Gap gap) {
    gapsByAddress.remove(gap.address);
    gapsBySize.remove(gap);
  }

  /** Gives everything back to the driver. */
  void close() {
    large.keySet().forEach(driver::free);
    slabs.forEach(driver::free);
    large.clear();
    slabs.clear();
    cut.clear();
    gapsByAddress.clear();
    gapsBySize.clear();
    heldBytes = 0;
  }
}
