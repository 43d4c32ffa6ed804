package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import java.lang.foreign.MemorySegment;

/** An operand as the kernel of an {@link Op.Custom} sees it. */
final class HostView implements Op.HostTensor {
  private final Array array;
  private final MemoryOrder order;
  private final int parts;

  HostView(Array array) {
    this.array = array;
    this.order = MemoryOrder.of(array.spec());
    this.parts = array.isComplex() ? 2 : 1;
  }

  @Override
  public TensorSpec spec() {
    return array.spec();
  }

  private long index(long i) {
    return order.index(i / parts) * parts + i % parts;
  }

  private void check(long i) {
    if (i < 0 || i >= array.reals()) {
      throw new IndexOutOfBoundsException(
          "number " + i + " of the " + array.reals() + " of " + spec());
    }
  }

  @Override
  public double get(long i) {
    check(i);
    return Element.get(array.dtype(), array.address(), index(i));
  }

  @Override
  public void set(long i, double value) {
    check(i);
    Element.set(array.dtype(), array.address(), index(i), value);
  }

  @Override
  public MemorySegment segment() {
    return Lanes.MEMORY.asSlice(array.address(), array.spec().bytes());
  }
}
