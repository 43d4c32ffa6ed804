package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies between row-major host memory and tensors, channels-last where they are feature maps. */
final class Transfer {
  private final Team team;

  Transfer(Team team) {
    this.team = team;
  }

  private interface Mover {
    /** Moves the element at row-major index {@code host} to or from index {@code memory}. */
    void move(long host, long memory);
  }

  void upload(MemorySegment host, DType hostType, Array y) {
    MemorySegment from = shared(host);
    if (hostType == y.dtype() && MemoryOrder.of(y.spec()).isRowMajor()) {
      Split.ranges(
          team,
          y.spec().bytes(),
          1 << 20,
          (first, last) ->
              MemorySegment.copy(from, first, Lanes.MEMORY, y.address() + first, last - first));
      return;
    }
    each(y.spec(), uploader(from, hostType, y));
  }

  void download(Array x, MemorySegment host, DType hostType) {
    MemorySegment to = shared(host);
    if (hostType == x.dtype() && MemoryOrder.of(x.spec()).isRowMajor()) {
      Split.ranges(
          team,
          x.spec().bytes(),
          1 << 20,
          (first, last) ->
              MemorySegment.copy(Lanes.MEMORY, x.address() + first, to, first, last - first));
      return;
    }
    each(x.spec(), downloader(x, to, hostType));
  }

  /** The same native memory, open to all threads: the caller waits until they are done. */
  @SuppressWarnings("restricted") // only its thread confinement is lifted
  private static MemorySegment shared(MemorySegment host) {
    return host.isNative()
        ? MemorySegment.ofAddress(host.address()).reinterpret(host.byteSize())
        : host;
  }

  private void each(TensorSpec spec, Mover mover) {
    MemoryOrder order = MemoryOrder.of(spec);
    Split.ranges(
        team,
        spec.shape().elements(),
        Split.GRAIN,
        (first, last) -> {
          for (long i = first; i < last; i++) {
            mover.move(order.rowMajor(i), i);
          }
        });
  }

  private static Mover uploader(MemorySegment host, DType hostType, Array y) {
    long address = y.address();
    MemorySegment memory = Lanes.MEMORY;
    if (hostType == y.dtype()) {
      return switch (y.dtype()) {
        case F32, I32 ->
            (h, m) ->
                memory.set(
                    ValueLayout.JAVA_INT,
                    address + 4 * m,
                    host.get(ValueLayout.JAVA_INT_UNALIGNED, 4 * h));
        case BF16, F16 ->
            (h, m) ->
                memory.set(
                    ValueLayout.JAVA_SHORT,
                    address + 2 * m,
                    host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2 * h));
        case C64, F64 ->
            (h, m) ->
                memory.set(
                    ValueLayout.JAVA_LONG_UNALIGNED,
                    address + 8 * m,
                    host.get(ValueLayout.JAVA_LONG_UNALIGNED, 8 * h));
        case U8 ->
            (h, m) ->
                memory.set(ValueLayout.JAVA_BYTE, address + m, host.get(ValueLayout.JAVA_BYTE, h));
      };
    }
    checkDoubles(hostType, y.spec());
    int reals = y.isComplex() ? 2 : 1;
    return (h, m) -> {
      for (int part = 0; part < reals; part++) {
        Element.set(
            y.dtype(),
            address,
            reals * m + part,
            host.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, DOUBLE * (reals * h + part)));
      }
    };
  }

  private static Mover downloader(Array x, MemorySegment host, DType hostType) {
    long address = x.address();
    MemorySegment memory = Lanes.MEMORY;
    if (hostType == x.dtype()) {
      return switch (x.dtype()) {
        case F32, I32 ->
            (h, m) ->
                host.set(
                    ValueLayout.JAVA_INT_UNALIGNED,
                    4 * h,
                    memory.get(ValueLayout.JAVA_INT, address + 4 * m));
        case BF16, F16 ->
            (h, m) ->
                host.set(
                    ValueLayout.JAVA_SHORT_UNALIGNED,
                    2 * h,
                    memory.get(ValueLayout.JAVA_SHORT, address + 2 * m));
        case C64, F64 ->
            (h, m) ->
                host.set(
                    ValueLayout.JAVA_LONG_UNALIGNED,
                    8 * h,
                    memory.get(ValueLayout.JAVA_LONG_UNALIGNED, address + 8 * m));
        case U8 ->
            (h, m) ->
                host.set(ValueLayout.JAVA_BYTE, h, memory.get(ValueLayout.JAVA_BYTE, address + m));
      };
    }
    checkDoubles(hostType, x.spec());
    int reals = x.isComplex() ? 2 : 1;
    return (h, m) -> {
      for (int part = 0; part < reals; part++) {
        host.set(
            ValueLayout.JAVA_DOUBLE_UNALIGNED,
            DOUBLE * (reals * h + part),
            Element.get(x.dtype(), address, reals * m + part));
      }
    };
  }

  private static void checkDoubles(DType hostType, TensorSpec spec) {
    if (hostType != DType.F64) {
      throw new IllegalArgumentException(
          "host elements of " + spec + " must be " + spec.dtype() + " or F64, not " + hostType);
    }
  }
}
