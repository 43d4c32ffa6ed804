package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Moves elements between row-major host memory and host memory in the order of a backend that may
 * keep feature maps channels-last.
 */
public final class HostLayout {
  /** Positions moved together. */
  private static final long TILE = 32;

  private final DType dtype;
  private final boolean converts;
  private final MemoryOrder order;

  /**
   * A tensor's layouts.
   *
   * @param hostType how the row-major elements are kept: the tensor's dtype, or F64 for every real
   *     number as a double
   */
  public HostLayout(TensorSpec spec, DType hostType, boolean channelsLast) {
    if (hostType != spec.dtype() && hostType != DType.F64) {
      throw new IllegalArgumentException(
          "host elements of " + spec + " must be " + spec.dtype() + " or F64, not " + hostType);
    }
    this.dtype = spec.dtype();
    this.converts = hostType != dtype;
    this.order =
        channelsLast ? MemoryOrder.of(spec) : new MemoryOrder(1, spec.shape().elements(), 1);
  }

  /** Whether both sides are the same bytes. */
  public boolean isCopy() {
    return !converts && order.isRowMajor();
  }

  /** Writes the elements {@code first} to {@code last − 1}, in memory order, to an address. */
  public void pack(MemorySegment host, long first, long last, long address) {
    if (!converts) {
      move(host, first, last, address, true);
      return;
    }
    int reals = dtype.isComplex() ? 2 : 1;
    for (long i = first; i < last; i++) {
      long at = reals * order.rowMajor(i);
      for (int part = 0; part < reals; part++) {
        double value = host.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, DOUBLE * (at + part));
        Element.set(dtype, address, reals * (i - first) + part, value);
      }
    }
  }

  /** Reads the elements {@code first} to {@code last − 1}, in memory order, from an address. */
  public void unpack(long address, long first, long last, MemorySegment host) {
    if (!converts) {
      move(host, first, last, address, false);
      return;
    }
    int reals = dtype.isComplex() ? 2 : 1;
    for (long i = first; i < last; i++) {
      long at = reals * order.rowMajor(i);
      for (int part = 0; part < reals; part++) {
        double value = Element.get(dtype, address, reals * (i - first) + part);
        host.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, DOUBLE * (at + part), value);
      }
    }
  }

  /**
   * Moves the elements {@code first} to {@code last − 1}, in memory order, between the host and an
   * address, in tiles of a few positions by all channels, which stay in the cache.
   */
  private void move(MemorySegment host, long first, long last, long address, boolean toAddress) {
    long i = first;
    while (i < last) {
      boolean isWhole = i % order.channels() == 0 && last - i >= order.channels();
      long wide = isWhole ? order.channels() : 1;
      long high = 1;
      if (isWhole) {
        long position = i / order.channels();
        long left = order.positions() - position % order.positions();
        high = Math.min(TILE, Math.min(left, (last - i) / wide));
      }
      int bytes = dtype.bytes();
      Tile rows = new Tile(host, bytes * order.rowMajor(i), bytes * order.positions(), bytes);
      Tile memory =
          new Tile(Lanes.MEMORY, address + bytes * (i - first), bytes, bytes * order.channels());
      if (toAddress) {
        rows.copyTo(memory, bytes, wide, high);
      } else {
        memory.copyTo(rows, bytes, wide, high);
      }
      i += wide * high;
    }
  }

  /** Elements of a few positions and all channels, and how many bytes lie between them. */
  private record Tile(MemorySegment in, long at, long channel, long position) {
    void copyTo(Tile to, int bytes, long channels, long positions) {
      for (long c = 0; c < channels; c++) {
        long from = at + c * channel;
        long target = to.at + c * to.channel;
        long end = from + positions * position;
        switch (bytes) {
          case 1 -> {
            for (; from < end; from += position, target += to.position) {
              to.in.set(ValueLayout.JAVA_BYTE, target, in.get(ValueLayout.JAVA_BYTE, from));
            }
          }
          case 2 -> {
            for (; from < end; from += position, target += to.position) {
              to.in.set(
                  ValueLayout.JAVA_SHORT_UNALIGNED,
                  target,
                  in.get(ValueLayout.JAVA_SHORT_UNALIGNED, from));
            }
          }
          case 4 -> {
            for (; from < end; from += position, target += to.position) {
              to.in.set(
                  ValueLayout.JAVA_INT_UNALIGNED,
                  target,
                  in.get(ValueLayout.JAVA_INT_UNALIGNED, from));
            }
          }
          default -> {
            for (; from < end; from += position, target += to.position) {
              to.in.set(
                  ValueLayout.JAVA_LONG_UNALIGNED,
                  target,
                  in.get(ValueLayout.JAVA_LONG_UNALIGNED, from));
            }
          }
        }
      }
    }
  }
}
