package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

final class LinesTest {
  private static final float[] LINE = {0, 1, 4, 9, 16, 9, 4, 1, 0, 2};

  private static void assertCubic(double... expected) {
    Volume line = new Volume(LINE, new Extent(1, LINE.length, 1));
    Volume resized = Lines.cubic(LINE.length, expected.length).along(1, line);
    for (int i = 0; i < expected.length; i++) {
      // The reference is clipped to its line's range.
      assertEquals(expected[i], Math.clamp(resized.values()[i], 0, 16), 3e-6, "value " + i);
    }
  }

  /** SciPy's values of {@code ndimage.zoom}, order 3, on voxel centres, clipped. */
  @Test
  void aCubicSplineIsTheReferences() {
    assertCubic(0.2713759, 5.9137533, 13.5211709, 2.3826396, 0.9607840);
    assertCubic(0.0758965, 2.7869108, 9.6031397, 13.5211709, 4.2408578, 0.2681379, 1.6241617);
    assertCubic(0, 1, 4, 9, 16, 9, 4, 1, 0, 2);
    assertCubic(
        0,
        0.4355880,
        2.0930497,
        4.6729770,
        8.6939428,
        15.1810844,
        13.5211709,
        7.1119837,
        3.8711539,
        1.4930881,
        0,
        0.5995172,
        2.1246846);
  }

  @Test
  void nearestValues() {
    Volume line = new Volume(LINE, new Extent(10, 1, 1));
    assertArrayEquals(new float[] {1, 9, 9, 1, 2}, Lines.nearest(10, 5).along(0, line).values());
    assertArrayEquals(LINE, Lines.nearest(10, 10).along(0, line).values());
  }

  /** A map along one axis is the map of each of its lines. */
  @Test
  void everyAxisHasItsLines() {
    Extent extent = new Extent(4, 5, 6);
    Volume volume = Reference.volume(8, extent);
    for (int axis = 0; axis < 3; axis++) {
      int along = axis;
      Lines lines = Lines.cubic(extent.along(axis), 7);
      Volume all = lines.along(axis, volume);
      assertEquals(extent.with(axis, 7), all.extent());
      Reference.each(
          extent.with(axis, 1),
          (i, i0, i1, i2) -> {
            int n = extent.along(along);
            float[] line = new float[n];
            for (int k = 0; k < n; k++) {
              line[k] = at(volume, along, k, i0, i1, i2);
            }
            float[] expected = lines.along(2, new Volume(line, new Extent(1, 1, n))).values();
            for (int k = 0; k < 7; k++) {
              assertEquals(expected[k], at(all, along, k, i0, i1, i2), 1e-6);
            }
          });
    }
    assertThrows(IllegalArgumentException.class, () -> Lines.cubic(4, 7).along(1, volume));
  }

  /** The value at a place of which one index is another. */
  private static float at(Volume volume, int axis, int index, int... place) {
    int[] p = place.clone();
    p[axis] = index;
    Extent e = volume.extent();
    return volume.values()[(p[0] * e.n1() + p[1]) * e.n2() + p[2]];
  }
}
