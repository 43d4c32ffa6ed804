package dev.larmor.models.checkpoint;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * One tensor of a file, whose bytes come when they are asked for: what readers of foreign files
 * offer and what writers take.
 *
 * @param name its name, unique in the file
 * @param type its element type
 * @param shape its extents, slowest first; empty for a scalar
 * @param bytes gives its bytes – row-major, little-endian – when their turn comes; they are valid
 *     until the next tensor's are asked for
 */
public record TensorSource(
    String name, ElementType type, long[] shape, Supplier<MemorySegment> bytes) {
  /** A complex64 tensor: F32 with a last axis of two, real and imaginary part. */
  public static TensorSource complex64(String name, long[] shape, Supplier<MemorySegment> bytes) {
    long[] interleaved = Arrays.copyOf(shape, shape.length + 1);
    interleaved[shape.length] = 2;
    return new TensorSource(name, ElementType.F32, interleaved, bytes);
  }

  /** The same tensor under another name. */
  public TensorSource named(String other) {
    return new TensorSource(other, type, shape, bytes);
  }

  /** The same values as F32 or F64, converted if they are of another floating-point type. */
  public TensorSource as(ElementType wanted) {
    return type == wanted
        ? this
        : new TensorSource(
            name, wanted, shape, () -> FloatConversion.convert(bytes.get(), type, wanted));
  }

  /** Whether the values can be a tensor's: floating-point numbers in its shape. */
  public boolean fits(TensorSpec spec) {
    return type.isFloating() && Arrays.equals(shape, spec.shape().dims());
  }

  /** Copies the values, converted, into an F32 or F64 tensor that they {@linkplain #fits fit}. */
  public void copyTo(Tensor tensor) {
    tensor.upload(as(tensor.dtype() == DType.F64 ? ElementType.F64 : ElementType.F32).bytes.get());
  }

  /** Whether another tensor is of the same type, shape and bytes. */
  public boolean same(TensorSource other) {
    if (type != other.type || !Arrays.equals(shape, other.shape)) {
      return false;
    }
    byte[] own = bytes.get().toArray(ValueLayout.JAVA_BYTE);
    return MemorySegment.ofArray(own).mismatch(other.bytes.get()) < 0;
  }

  /** Type and shape as messages show them, {@code F32[32, 16, 3, 3]}. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
