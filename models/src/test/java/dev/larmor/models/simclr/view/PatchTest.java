package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import org.junit.jupiter.api.Test;

/** Where patches start, and what is in them. */
final class PatchTest {
  private static final Extent PATCH = new Extent(192, 192, 64);

  private static void assertStarts(Extent image, int... firstAndLast) {
    for (int axis = 0; axis < 3; axis++) {
      assertEquals(
          new Starts(firstAndLast[2 * axis], firstAndLast[2 * axis + 1]),
          Patch.starts(image.along(axis), PATCH.along(axis)),
          image + " axis " + axis);
    }
  }

  /** The reference's values. */
  @Test
  void starts() {
    assertStarts(new Extent(192, 192, 64), 0, 0, 0, 0, 0, 0);
    assertStarts(new Extent(200, 230, 180), 0, 8, 0, 38, 0, 116);
    assertStarts(new Extent(160, 181, 61), -16, -16, -6, -5, -2, -1);
    assertStarts(new Extent(191, 10, 63), -1, 0, -91, -91, -1, 0);
    assertStarts(new Extent(150, 193, 65), -21, -21, 0, 1, 0, 1);
  }

  @Test
  void allStartsAreDrawnEquallyOften() {
    Extent image = new Extent(9, 5, 4);
    int[] drawn = new int[6];
    int[] outside = new int[2];
    Philox stream = Philox.of(1, "patches");
    int draws = 6000;
    for (int i = 0; i < draws; i++) {
      Box box = Patch.draw(image, new Extent(4, 8, 4), stream.with(i)).box();
      assertEquals(new Extent(4, 8, 4), box.extent());
      drawn[box.axis0().start()]++;
      outside[box.axis1().start() + 2]++;
      assertEquals(0, box.axis2().start());
    }
    for (int count : drawn) {
      assertEquals(draws / 6.0, count, 4 * Math.sqrt(draws / 6.0));
    }
    for (int count : outside) {
      assertEquals(draws / 2.0, count, 4 * Math.sqrt(draws / 4.0));
    }
  }

  private static float[] naive(Volume image, Box box, float outside) {
    Extent size = box.extent();
    float[] patch = new float[size.voxels()];
    Reference.each(
        size,
        (i, i0, i1, i2) -> {
          int y0 = box.axis0().start() + i0;
          int y1 = box.axis1().start() + i1;
          int y2 = box.axis2().start() + i2;
          Extent e = image.extent();
          boolean inside =
              y0 >= 0 && y0 < e.n0() && y1 >= 0 && y1 < e.n1() && y2 >= 0 && y2 < e.n2();
          patch[i] = inside ? image.values()[(y0 * e.n1() + y1) * e.n2() + y2] : outside;
        });
    return patch;
  }

  @Test
  void whatIsBeyondTheImageHasTheValueOutside() {
    Volume image = Reference.volume(5, new Extent(4, 5, 6));
    for (int start0 : new int[] {-9, -3, 0, 2}) {
      for (int start1 : new int[] {-2, 1, 7}) {
        for (int start2 : new int[] {-12, -4, 0, 3, 8}) {
          for (int size : new int[] {2, 5, 9}) {
            Box box =
                new Box(new Span(start0, size), new Span(start1, size), new Span(start2, size));
            Patch patch = new Patch(box);
            float[] expected = naive(image, box, -8);
            float[] actual = new float[expected.length];
            patch.cut(image, -8, actual);
            assertArrayEquals(expected, actual, box.toString());
            patch
                .inside(image.extent())
                .ifPresent(read -> {
                  float[] filled = new float[expected.length];
                  Volume part = new Volume(naive(image, read, Float.NaN), read.extent());
                  patch.fill(part, read, -8, filled);
                  assertArrayEquals(expected, filled, "read alone: " + box);
                });
            boolean any = patch.inside(image.extent()).isPresent();
            boolean has = false;
            for (float value : expected) {
              has |= value != -8;
            }
            assertEquals(has, any, box.toString());
          }
        }
      }
    }
  }

  @Test
  void outsideIsZeroOrTheMinimum() {
    Volume image = Reference.volume(6, Extent.cube(4));
    assertEquals(0, Outside.ZERO.value(image));
    float least = Outside.MINIMUM.value(image);
    assertTrue(least < -0.9);
    for (float value : image.values()) {
      assertTrue(value >= least);
    }
  }
}
