package dev.larmor.kernels.cpu;

import dev.larmor.engine.DType;
import java.lang.foreign.MemorySegment;

/** Copies between row-major host memory and tensors, channels-last where they are feature maps. */
final class Transfer {
  private static final long COPY_GRAIN = 1 << 20;

  private final Team team;

  Transfer(Team team) {
    this.team = team;
  }

  void upload(MemorySegment host, DType hostType, Array y) {
    MemorySegment from = shared(host);
    HostLayout layout = new HostLayout(y.spec(), hostType, true);
    if (layout.isCopy()) {
      Split.ranges(
          team,
          y.spec().bytes(),
          COPY_GRAIN,
          (first, last) ->
              MemorySegment.copy(from, first, Lanes.MEMORY, y.address() + first, last - first));
      return;
    }
    int bytes = y.dtype().bytes();
    Split.ranges(
        team,
        y.elements(),
        Split.GRAIN,
        (first, last) -> layout.pack(from, first, last, y.address() + bytes * first));
  }

  void download(Array x, MemorySegment host, DType hostType) {
    MemorySegment to = shared(host);
    HostLayout layout = new HostLayout(x.spec(), hostType, true);
    if (layout.isCopy()) {
      Split.ranges(
          team,
          x.spec().bytes(),
          COPY_GRAIN,
          (first, last) ->
              MemorySegment.copy(Lanes.MEMORY, x.address() + first, to, first, last - first));
      return;
    }
    int bytes = x.dtype().bytes();
    Split.ranges(
        team,
        x.elements(),
        Split.GRAIN,
        (first, last) -> layout.unpack(x.address() + bytes * first, first, last, to));
  }

  /** The same native memory, open to all threads: the caller waits until they are done. */
  @SuppressWarnings("restricted") // only its thread confinement is lifted
  private static MemorySegment shared(MemorySegment host) {
    return host.isNative()
        ? MemorySegment.ofAddress(host.address()).reinterpret(host.byteSize())
        : host;
  }
}
