package dev.larmor.models.checkpoint;

import java.lang.foreign.MemorySegment;
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

  /** Type and shape as messages show them, {@code F32[32, 16, 3, 3]}. */
  @Override
  public String toString() {
    return type + Arrays.toString(shape);
  }
}
