package dev.larmor.models.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Pad;
import org.junit.jupiter.api.Test;

class PaddingTest {
  @Test
  void missingUpToTheNextMultiple() {
    for (int factor : new int[] {1, 4, 16}) {
      for (int n = 1; n <= 40; n++) {
        int missing = Padding.missing(n, factor);
        assertEquals(0, (n + missing) % factor, n + " to a multiple of " + factor);
        assertEquals(0, missing / factor, n + " to the next multiple of " + factor);
      }
    }
  }

  @Test
  void whichSideGetsTheLargerHalf() {
    Shape image = Shape.of(1, 2, 93, 70);
    assertEquals(new Padding(1, 2, 5, 5, Pad.Mode.ZERO), Padding.around(image, 16));
    assertEquals(new Padding(0, 3, 0, 2, Pad.Mode.REFLECT), Padding.after(image, 4));
    assertEquals(new Padding(0, 0, 3, 2, Pad.Mode.REFLECT), Padding.columns(image, 5 * 3));
    assertEquals(new Padding(0, 0, 0, 0, Pad.Mode.REFLECT), Padding.columns(image, 5));
  }

  @Test
  void undoesItself() {
    try (Device device = Device.open("ref")) {
      Scope.run(() -> {
        Tensor x = device.tensor(TensorSpec.of(DType.F32, 1, 1, 2, 3), 1, 2, 3, 4, 5, 6);
        Padding padding = new Padding(1, 0, 0, 2, Pad.Mode.REFLECT);
        Tensor padded = padding.apply(x);
        assertArrayEquals(
            new float[] {4, 5, 6, 5, 4, 1, 2, 3, 2, 1, 4, 5, 6, 5, 4}, padded.toFloats());
        assertArrayEquals(x.toFloats(), padding.undo(padded).toFloats());
        assertSame(x, new Padding(0, 0, 0, 0, Pad.Mode.ZERO).apply(x));
      });
    }
  }

  @Test
  void centreCropsAndPads() {
    try (Device device = Device.open("ref")) {
      Scope.run(() -> {
        Tensor x = device.tensor(TensorSpec.of(DType.F32, 1, 2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
        assertArrayEquals(new float[] {2, 3, 6, 7}, crop(x, 2, 2));
        assertArrayEquals(new float[] {1, 2, 3, 5, 6, 7}, crop(x, 2, 3), "odd crop");
        assertArrayEquals(
            new float[] {2, 3, 6, 7, 0, 0}, crop(x, 3, 2), "cropped one way, padded the other");
        assertArrayEquals(new float[] {0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0}, crop(x, 2, 6));
        assertSame(x, new CentreCrop(2, 4).apply(x));
      });
    }
    assertThrows(IllegalArgumentException.class, () -> new CentreCrop(0, 3));
  }

  private static float[] crop(Tensor x, int height, int width) {
    return new CentreCrop(height, width).apply(x).toFloats();
  }
}
