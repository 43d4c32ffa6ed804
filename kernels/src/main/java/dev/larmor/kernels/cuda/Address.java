package dev.larmor.kernels.cuda;

import jcuda.Pointer;

/** An address of the host or the card as JCuda takes it. */
final class Address extends Pointer {
  Address(long address) {
    super(address);
  }

  Address(Pointer pointer) {
    super(pointer);
  }

  long value() {
    return getNativePointer() + getByteOffset();
  }
}
