package dev.larmor.kernels.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * Vectors of floats in memory, kept as F32 or as BF16, by address.
 *
 * <p>Memory is reached through one constant segment that spans the address space, so a load
 * compiles to one instruction. Nothing checks an address: the engine has checked the shapes, and
 * the kernels stay inside them.
 *
 * <p>All arithmetic of the kernels is exactly defined, whether interpreted or compiled: no {@code
 * reduceLanes} on floats and no transcendental lane functions, whose results may depend on the
 * compiler's progress. That is what makes results bit-identical from run to run.
 */
public final class Lanes {
  /** The machine's widest vector of floats. */
  public static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

  /** Floats in a vector. */
  public static final int WIDTH = FLOATS.length();

  /** Bytes of a vector of floats. */
  public static final int BYTES = FLOATS.vectorByteSize();

  /** Bytes of a float, for addresses. */
  static final long FLOAT = Float.BYTES;

  /** Bytes of a double, for addresses. */
  static final long DOUBLE = Double.BYTES;

  private static final VectorSpecies<Double> DOUBLES =
      VectorSpecies.of(double.class, FLOATS.vectorShape());
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, FLOATS.vectorShape());
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** All memory of the process; an offset into it is an address. */
  @SuppressWarnings("restricted") // see above
  public static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private Lanes() {}

  /** The float at an address. */
  public static float get(long address) {
    return MEMORY.get(ValueLayout.JAVA_FLOAT, address);
  }

  /** Stores a float. */
  public static void set(long address, float value) {
    MEMORY.set(ValueLayout.JAVA_FLOAT, address, value);
  }

  static double getDouble(long address) {
    return MEMORY.get(ValueLayout.JAVA_DOUBLE, address);
  }

  static void setDouble(long address, double value) {
    MEMORY.set(ValueLayout.JAVA_DOUBLE, address, value);
  }

  /** The bfloat16 at an address. */
  public static float getBf16(long address) {
    return Float.intBitsToFloat(MEMORY.get(ValueLayout.JAVA_SHORT, address) << 16);
  }

  /** Stores the nearest bfloat16, ties to even. */
  public static void setBf16(long address, float value) {
    MEMORY.set(ValueLayout.JAVA_SHORT, address, bf16(value));
  }

  /** The nearest bfloat16, ties to even. */
  static short bf16(float value) {
    if (Float.isNaN(value)) {
      return 0x7FC0;
    }
    int bits = Float.floatToRawIntBits(value);
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  /** A value in all lanes. */
  public static FloatVector broadcast(float value) {
    return FloatVector.broadcast(FLOATS, value);
  }

  /** The vector at an address. */
  public static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER);
  }

  /** Loads the lanes of {@code mask}, zeros elsewhere. */
  static FloatVector load(long address, VectorMask<Float> mask) {
    return FloatVector.fromMemorySegment(FLOATS, MEMORY, address, ORDER, mask);
  }

  /** Stores a vector. */
  public static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ORDER);
  }

  static void store(FloatVector vector, long address, VectorMask<Float> mask) {
    vector.intoMemorySegment(MEMORY, address, ORDER, mask);
  }

  static FloatVector loadBf16(long address) {
    return widen(ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER));
  }

  static FloatVector loadBf16(long address, VectorMask<Float> mask) {
    return widen(ShortVector.fromMemorySegment(SHORTS, MEMORY, address, ORDER, mask.cast(SHORTS)));
  }

  static void storeBf16(FloatVector vector, long address) {
    narrow(vector).intoMemorySegment(MEMORY, address, ORDER);
  }

  static void storeBf16(FloatVector vector, long address, VectorMask<Float> mask) {
    narrow(vector).intoMemorySegment(MEMORY, address, ORDER, mask.cast(SHORTS));
  }

  private static FloatVector widen(ShortVector halves) {
    IntVector bits = (IntVector) halves.convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
    return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
  }

  /** As {@link #bf16}. */
  private static ShortVector narrow(FloatVector vector) {
    IntVector bits = vector.reinterpretAsInts();
    IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
    IntVector rounded = bits.add(even.add(0x7FFF)).lanewise(VectorOperators.LSHR, 16);
    IntVector result = rounded.blend(0x7FC0, vector.compare(VectorOperators.NE, vector).cast(INTS));
    return (ShortVector) result.convertShape(VectorOperators.I2S, SHORTS, 0);
  }

  /** The first {@code lanes} lanes; all of them if there are not so many. */
  static VectorMask<Float> first(long lanes) {
    return FLOATS.indexInRange(0, Math.min(lanes, WIDTH));
  }

  /** Doubles in a vector. */
  static final int DOUBLE_WIDTH = DOUBLES.length();

  static DoubleVector loadDoubles(long address) {
    return DoubleVector.fromMemorySegment(DOUBLES, MEMORY, address, ORDER);
  }

  static void storeDoubles(DoubleVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ORDER);
  }

  /** One half of the lanes, in double precision; {@code half} is 0 or 1. */
  static DoubleVector doubles(FloatVector vector, int half) {
    return (DoubleVector) vector.convertShape(VectorOperators.F2D, DOUBLES, half);
  }

  /** Adds the lanes to {@link #WIDTH} doubles in memory. */
  static void addToDoubles(FloatVector vector, long address) {
    long upper = address + DOUBLES.vectorByteSize();
    storeDoubles(loadDoubles(address).add(doubles(vector, 0)), address);
    storeDoubles(loadDoubles(upper).add(doubles(vector, 1)), upper);
  }

  // Complex numbers lie interleaved: even lanes are real parts, odd lanes imaginary parts.

  private static final VectorShuffle<Float> SWAP = VectorShuffle.fromOp(FLOATS, i -> i ^ 1);
  private static final VectorShuffle<Float> EVEN = VectorShuffle.fromOp(FLOATS, i -> i & ~1);
  private static final VectorShuffle<Float> ODD = VectorShuffle.fromOp(FLOATS, i -> i | 1);
  private static final VectorShuffle<Float> LOWER = VectorShuffle.fromOp(FLOATS, i -> i / 2);
  private static final VectorShuffle<Float> UPPER =
      VectorShuffle.fromOp(FLOATS, i -> (i + WIDTH) / 2);
  private static final VectorShuffle<Float> PACK = VectorShuffle.fromOp(FLOATS, i -> 2 * i);
  private static final List<VectorShuffle<Float>> HALVES = halves();
  private static final FloatVector MINUS_PLUS = alternating(-1, 1);

  /** A vector of {@code even, odd, even, odd, …}. */
  static FloatVector alternating(float even, float odd) {
    float[] values = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      values[i] = i % 2 == 0 ? even : odd;
    }
    return FloatVector.fromArray(FLOATS, values, 0);
  }

  /** Real parts in the place of imaginary parts and the other way round. */
  static FloatVector swap(FloatVector x) {
    return x.rearrange(SWAP);
  }

  /** The complex product a·b. */
  static FloatVector multiply(FloatVector a, FloatVector b) {
    FloatVector crossed = a.rearrange(ODD).mul(MINUS_PLUS).mul(swap(b));
    return a.rearrange(EVEN).fma(b, crossed);
  }

  /** The complex product a·conj(b). */
  static FloatVector multiplyConjugate(FloatVector a, FloatVector b) {
    FloatVector crossed = b.rearrange(ODD).mul(MINUS_PLUS).mul(swap(a));
    return b.rearrange(EVEN).fma(a, crossed.neg());
  }

  /** Each of the first {@code WIDTH / 2} lanes twice. */
  static FloatVector lowerTwice(FloatVector x) {
    return x.rearrange(LOWER);
  }

  /** Each of the last {@code WIDTH / 2} lanes twice. */
  static FloatVector upperTwice(FloatVector x) {
    return x.rearrange(UPPER);
  }

  /** The even lanes of two vectors, one after the other. */
  static FloatVector evenLanes(FloatVector lower, FloatVector upper) {
    return lower.rearrange(PACK, upper);
  }

  /** Shuffles that bring the lane half, a quarter, … of the vector away. */
  private static List<VectorShuffle<Float>> halves() {
    List<VectorShuffle<Float>> shuffles = new ArrayList<>();
    for (int distance = WIDTH / 2; distance > 0; distance /= 2) {
      int d = distance;
      shuffles.add(VectorShuffle.fromOp(FLOATS, i -> i ^ d));
    }
    return List.copyOf(shuffles);
  }

  /** The sum of all lanes, pairwise: the same tree on every run. */
  static float sum(FloatVector x) {
    FloatVector s = x;
    for (VectorShuffle<Float> half : HALVES) {
      s = s.add(s.rearrange(half));
    }
    return s.lane(0);
  }
}
