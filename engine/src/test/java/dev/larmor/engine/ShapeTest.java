package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void countsElementsAndPositions() {
    Shape map = Shape.of(2, 3, 4, 5);
    assertEquals(120, map.elements());
    assertEquals(20, map.positions());
    assertEquals(2, map.spatialRank());
    assertEquals(5, map.dim(-1));
    assertEquals(3, map.size(1));
    assertEquals(Shape.of(2, 3, 4, 7), map.with(-1, 7));
    assertEquals("[2, 3, 4, 5]", map.toString());
    assertEquals(1, Shape.SCALAR.elements());
    assertSame(Shape.SCALAR, Shape.of());
    assertEquals(1L << 40, Shape.of(1 << 20, 1 << 20).elements());
  }

  @Test
  void doesNotSeeChangesOfTheArrayItWasMadeFrom() {
    long[] dims = {2, 3};
    Shape shape = Shape.of(dims);
    dims[0] = 9;
    shape.dims()[1] = 9;
    assertEquals(Shape.of(2, 3), shape);
  }

  @Test
  void refusesExtentsThatAreNotPositiveOrTooMany() {
    assertEquals("shape [2, 0]: every extent must be at least 1", refused(2, 0));
    assertEquals("shape [-1]: every extent must be at least 1", refused(-1));
    assertEquals(
        "shape [4294967296, 4294967296] has more than 2^62 elements", refused(1L << 32, 1L << 32));
    assertEquals(
        "shape [4611686018427387905] has more than 2^62 elements", refused((1L << 62) + 1));
  }

  private static String refused(long... dims) {
    return assertThrows(IllegalArgumentException.class, () -> Shape.of(dims)).getMessage();
  }

  @Test
  void specsKnowTheirBytes() {
    TensorSpec spec = TensorSpec.of(DType.C64, 15, 640, 372);
    assertEquals(15L * 640 * 372 * 8, spec.bytes());
    assertEquals("C64[15, 640, 372]", spec.toString());
    assertEquals("F32[]", TensorSpec.of(DType.F32).toString());
    assertEquals(4, TensorSpec.of(DType.F32).bytes());
    assertFalse(spec.isFeatureMap());
    assertTrue(TensorSpec.of(DType.BF16, 1, 2, 3, 4).isFeatureMap());
    assertTrue(TensorSpec.of(DType.F16, 1, 2, 3, 4).isFeatureMap());
    assertTrue(TensorSpec.of(DType.C64, 1, 2, 3, 4, 5).isFeatureMap());
    assertFalse(TensorSpec.of(DType.U8, 1, 2, 3, 4).isFeatureMap());
    assertThrows(ArithmeticException.class, () -> TensorSpec.of(DType.C64, 1L << 61).bytes());
  }
}
