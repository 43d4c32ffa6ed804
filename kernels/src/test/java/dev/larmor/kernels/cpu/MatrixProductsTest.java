package dev.larmor.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.DType;
import dev.larmor.kernels.cpu.dnnl.Dnnl;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of odd and even sizes, stored either way, against the definition in double. */
class MatrixProductsTest {

  static Stream<MatrixProducts.Shape> shapes() {
    int[][] sizes = {
      {1, 1, 1}, {3, 5, 7}, {17, 33, 16}, {200, 31, 190}, {40, 300, 129}, {1, 64, 300}
    };
    List<MatrixProducts.Shape> shapes = new ArrayList<>();
    for (int[] size : sizes) {
      for (int transposes = 0; transposes < 4; transposes++) {
        shapes.add(
            new MatrixProducts.Shape(
                size[0], size[1], size[2], (transposes & 1) != 0, (transposes & 2) != 0));
      }
    }
    return shapes.stream();
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void dnnl(MatrixProducts.Shape shape) {
    assumeTrue(Dnnl.isAvailable(), () -> Dnnl.unavailableReason().orElseThrow());
    check(shape, DType.F32, true);
    if (Dnnl.hasBf16()) {
      check(shape, DType.BF16, true);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void java(MatrixProducts.Shape shape) {
    check(shape, DType.F32, false);
    check(shape, DType.BF16, false);
  }

  @Test
  void otherTypesAreRefused() {
    try (Team team = new Team(1);
        MatrixProducts products = new MatrixProducts(team)) {
      MatrixProducts.Shape shape = new MatrixProducts.Shape(2, 2, 2, false, false);
      assertEquals(
          "[matmul] F32 or BF16 expected, got C64",
          assertThrows(
                  IllegalArgumentException.class, () -> products.workspaceBytes(shape, DType.C64))
              .getMessage());
    }
  }

  private static void check(MatrixProducts.Shape shape, DType type, boolean dnnl) {
    long handles = Dnnl.liveHandles();
    Random random = new Random(5);
    float[] a = random(random, shape.rows() * shape.inner());
    float[] b = random(random, shape.inner() * shape.columns());
    byte[] first = null;
    for (int threads = 1; threads <= 3; threads++) {
      try (Arena arena = Arena.ofConfined();
          Team team = new Team(threads);
          MatrixProducts products = dnnl ? new MatrixProducts(team) : MatrixProducts.inJava(team)) {
        MemorySegment as = upload(arena, a, type);
        MemorySegment bs = upload(arena, b, type);
        MemorySegment cs = upload(arena, new float[shape.rows() * shape.columns()], type);
        cs.fill((byte) 0x7f);
        long bytes = products.workspaceBytes(shape, type);
        MemorySegment guarded = arena.allocate(bytes + 128, 64);
        guarded.fill((byte) 0x5a);
        products.multiply(shape, type, as, bs, cs, guarded.asSlice(64, bytes));
        for (long i = 0; i < 64; i++) {
          assertEquals(0x5a, guarded.get(ValueLayout.JAVA_BYTE, i));
          assertEquals(0x5a, guarded.get(ValueLayout.JAVA_BYTE, 64 + bytes + i));
        }
        for (int row = 0; row < shape.rows(); row++) {
          for (int column = 0; column < shape.columns(); column++) {
            assertElement(shape, type, a, b, cs, row, column);
          }
        }
        byte[] bits = cs.toArray(ValueLayout.JAVA_BYTE);
        if (first == null) {
          first = bits;
        }
        assertArrayEquals(first, bits, "bits on " + threads + " threads");
      }
    }
    assertEquals(handles, Dnnl.liveHandles(), "native objects left");
  }

  private static void assertElement(
      MatrixProducts.Shape shape,
      DType type,
      float[] a,
      float[] b,
      MemorySegment c,
      int row,
      int column) {
    double sum = 0;
    double scale = 0;
    for (int i = 0; i < shape.inner(); i++) {
      double x = a[shape.transposeA() ? i * shape.rows() + row : row * shape.inner() + i];
      double y = b[shape.transposeB() ? column * shape.inner() + i : i * shape.columns() + column];
      sum += x * y;
      scale += Math.abs(x * y);
    }
    long at = (long) row * shape.columns() + column;
    float actual =
        type == DType.F32
            ? c.getAtIndex(ValueLayout.JAVA_FLOAT, at)
            : Float.intBitsToFloat(c.getAtIndex(ValueLayout.JAVA_SHORT, at) << 16);
    double tolerance = 1e-6 * scale + (type == DType.F32 ? 0 : Math.abs(sum) / 256);
    assertEquals(sum, actual, tolerance, type + " " + shape + " at " + row + ", " + column);
  }

  /** Values that bfloat16 has too. */
  private static float[] random(Random random, int length) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      int bits = Float.floatToRawIntBits((float) random.nextGaussian());
      values[i] = Float.intBitsToFloat(bits & 0xffff0000);
    }
    return values;
  }

  private static MemorySegment upload(Arena arena, float[] values, DType type) {
    MemorySegment segment = arena.allocate((long) values.length * type.bytes(), 64);
    for (int i = 0; i < values.length; i++) {
      if (type == DType.F32) {
        segment.setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
      } else {
        short upper = (short) (Float.floatToRawIntBits(values[i]) >>> 16);
        segment.setAtIndex(ValueLayout.JAVA_SHORT, i, upper);
      }
    }
    return segment;
  }
}
