package dev.larmor.kernels.cpu.fft;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loads and stores of one hardware vector by absolute address.
 *
 * <p>The kernels of this package reach native memory through one constant segment that spans the
 * address space: its bounds, its session and its absent heap base are constants for the compiler,
 * so a load is one instruction instead of a chain of field reads and checks. {@link Fft2Plan}
 * checks every segment it is given against the extent the kernels touch, once per call; nothing
 * else in the package makes addresses.
 */
final class Lanes {
  /** The machine's widest vector, at least 128 and at most 512 bits (4, 8 or 16 lanes). */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.length() > 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_PREFERRED.length() < 4
              ? FloatVector.SPECIES_128
              : FloatVector.SPECIES_PREFERRED;

  /** Floats per vector: how many independent transforms run side by side. */
  static final int WIDTH = SPECIES.length();

  /** Bytes of one vector. */
  static final long VECTOR = 4L * WIDTH;

  /** Bytes of one lane point: WIDTH real parts followed by WIDTH imaginary parts. */
  static final long POINT = 2 * VECTOR;

  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  @SuppressWarnings("restricted") // reads and writes are bounded by the callers, see above
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private static final long ADDRESS_BITS = Long.MAX_VALUE >>> 1;

  private static final long PAGE = 4096;

  private Lanes() {}

  /**
   * The distance from a buffer of this many points to the next: room for them, and half a page off.
   * A processor that compares only the low 12 bits of addresses takes a load from the same place in
   * another page for one that must wait for the store just before it; two buffers that are read and
   * written side by side are kept clear of that (up to 30 % of a transform).
   */
  static long apart(long points) {
    return (points * POINT + PAGE / 2 - 1) / PAGE * PAGE + PAGE / 2;
  }

  /**
   * The address itself: the two bits cleared here are clear in every address. What this says to the
   * compiler is that the address, and what lies shortly after it, is inside {@link #MEMORY}. So it
   * drops the bounds check, and with it a possible exit from the kernel that would have to know the
   * content of every vector; without those exits a butterfly fits the registers and compiles three
   * times faster.
   *
   * <p>Short enough (6 bytes of code) to be inlined wherever it is called.
   */
  static long at(long address) {
    return address & ADDRESS_BITS;
  }
}
