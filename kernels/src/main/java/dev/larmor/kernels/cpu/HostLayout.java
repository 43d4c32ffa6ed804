package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Moves elements between row-major host memory and host memory in the order of a backend that may
 * keep feature maps channels-last.
 *
 * @param spec the tensor
 * @param hostType how the row-major elements are kept: the tensor's dtype, or F64 for every real
 *     number as a double
 */
public final class HostLayout {
  private final TensorSpec spec;
  private final DType hostType;
  private final MemoryOrder order;

  public HostLayout(TensorSpec spec, DType hostType, boolean channelsLast) {
    if (hostType != spec.dtype() && hostType != DType.F64) {
      throw new IllegalArgumentException(
          "host elements of " + spec + " must be " + spec.dtype() + " or F64, not " + hostType);
    }
    this.spec = spec;
    this.hostType = hostType;
    this.order =
        channelsLast ? MemoryOrder.of(spec) : new MemoryOrder(1, spec.shape().elements(), 1);
  }

  /** Whether both sides are the same bytes. */
  public boolean isCopy() {
    return hostType == spec.dtype() && order.isRowMajor();
  }

  /** Writes the elements {@code first} to {@code last − 1}, in memory order, to an address. */
  public void pack(MemorySegment host, long first, long last, long address) {
    if (hostType != spec.dtype()) {
      int reals = spec.dtype().isComplex() ? 2 : 1;
      for (long i = first; i < last; i++) {
        for (int part = 0; part < reals; part++) {
          double value =
              host.get(
                  ValueLayout.JAVA_DOUBLE_UNALIGNED, DOUBLE * (reals * order.rowMajor(i) + part));
          Element.set(spec.dtype(), address, reals * (i - first) + part, value);
        }
      }
      return;
    }
    int bytes = spec.dtype().bytes();
    for (long i = first; i < last; i++) {
      MemorySegment.copy(
          host, order.rowMajor(i) * bytes, Lanes.MEMORY, address + (i - first) * bytes, bytes);
    }
  }

  /** Reads the elements {@code first} to {@code last − 1}, in memory order, from an address. */
  public void unpack(long address, long first, long last, MemorySegment host) {
    if (hostType != spec.dtype()) {
      int reals = spec.dtype().isComplex() ? 2 : 1;
      for (long i = first; i < last; i++) {
        for (int part = 0; part < reals; part++) {
          host.set(
              ValueLayout.JAVA_DOUBLE_UNALIGNED,
              DOUBLE * (reals * order.rowMajor(i) + part),
              Element.get(spec.dtype(), address, reals * (i - first) + part));
        }
      }
      return;
    }
    int bytes = spec.dtype().bytes();
    for (long i = first; i < last; i++) {
      MemorySegment.copy(
          Lanes.MEMORY, address + (i - first) * bytes, host, order.rowMajor(i) * bytes, bytes);
    }
  }
}
