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
      gather(host, first, last, address);
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

  private void gather(MemorySegment host, long first, long last, long address) {
    MemorySegment memory = Lanes.MEMORY;
    switch (dtype.bytes()) {
      case 1 -> {
        for (long i = first; i < last; i++) {
          byte bits = host.get(ValueLayout.JAVA_BYTE, order.rowMajor(i));
          memory.set(ValueLayout.JAVA_BYTE, address + i - first, bits);
        }
      }
      case 2 -> {
        for (long i = first; i < last; i++) {
          short bits = host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * order.rowMajor(i));
          memory.set(ValueLayout.JAVA_SHORT, address + 2 * (i - first), bits);
        }
      }
      case 4 -> {
        for (long i = first; i < last; i++) {
          int bits = host.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * order.rowMajor(i));
          memory.set(ValueLayout.JAVA_INT, address + 4 * (i - first), bits);
        }
      }
      default -> {
        for (long i = first; i < last; i++) {
          long bits = host.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * order.rowMajor(i));
          memory.set(ValueLayout.JAVA_LONG, address + 8 * (i - first), bits);
        }
      }
    }
  }

  /** Reads the elements {@code first} to {@code last − 1}, in memory order, from an address. */
  public void unpack(long address, long first, long last, MemorySegment host) {
    if (!converts) {
      scatter(address, first, last, host);
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

  private void scatter(long address, long first, long last, MemorySegment host) {
    MemorySegment memory = Lanes.MEMORY;
    switch (dtype.bytes()) {
      case 1 -> {
        for (long i = first; i < last; i++) {
          byte bits = memory.get(ValueLayout.JAVA_BYTE, address + i - first);
          host.set(ValueLayout.JAVA_BYTE, order.rowMajor(i), bits);
        }
      }
      case 2 -> {
        for (long i = first; i < last; i++) {
          short bits = memory.get(ValueLayout.JAVA_SHORT, address + 2 * (i - first));
          host.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * order.rowMajor(i), bits);
        }
      }
      case 4 -> {
        for (long i = first; i < last; i++) {
          int bits = memory.get(ValueLayout.JAVA_INT, address + 4 * (i - first));
          host.set(ValueLayout.JAVA_INT_UNALIGNED, 4 * order.rowMajor(i), bits);
        }
      }
      default -> {
        for (long i = first; i < last; i++) {
          long bits = memory.get(ValueLayout.JAVA_LONG, address + 8 * (i - first));
          host.set(ValueLayout.JAVA_LONG_UNALIGNED, 8 * order.rowMajor(i), bits);
        }
      }
    }
  }
}
