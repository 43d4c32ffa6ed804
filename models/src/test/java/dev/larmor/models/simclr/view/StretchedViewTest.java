package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each step against MONAI's values, and the whole against its definition. */
final class StretchedViewTest {
  private static final Flips NONE = new Flips(false, false, false);
  private static final JsonNode GOLDEN = golden();

  private static JsonNode golden() {
    try (InputStream in = StretchedViewTest.class.getResourceAsStream("monai_ops.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static float[] apply(View view, Volume patch) {
    float[] into = new float[view.size().voxels()];
    view.apply(patch, into);
    return into;
  }

  /** All of a volume at its own size, but for what the arguments say. */
  private static float[] apply(Volume volume, Flips flips, double angle, float shift, float gamma) {
    Extent size = volume.extent();
    return apply(new StretchedView(Box.all(size), size, flips, angle, shift, gamma), volume);
  }

  private static void assertValues(JsonNode expected, float[] actual, int from, double tolerance) {
    assertTrue(expected.size() > 1, "reference values");
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).asDouble(), actual[from + i], tolerance, "value " + (from + i));
    }
  }

  private static double sum(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum;
  }

  private static void assertSums(JsonNode expected, float[] actual) {
    double squares = 0;
    for (float value : actual) {
      squares += (double) value * value;
    }
    assertEquals(expected.get("sum").asDouble(), sum(actual), 2e-5);
    assertEquals(expected.get("sumsq").asDouble(), squares, 2e-5);
  }

  @Test
  void resizing() {
    Volume volume = Reference.volume(2000, new Extent(5, 6, 7));
    View view = new StretchedView(Box.all(volume.extent()), Extent.cube(8), NONE, 0, 0, 1);
    float[] resized = apply(view, volume);
    JsonNode expected = GOLDEN.get("resize_5x6x7_to_8x8x8");
    assertValues(expected.get("first16"), resized, 0, 5e-7);
    assertValues(expected.get("last4"), resized, 508, 5e-7);
    assertSums(expected, resized);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.3", "-0.785", "0.3_4x6x9"})
  void rotation(String name) {
    JsonNode expected = GOLDEN.get("rotate_" + name);
    boolean oblong = name.endsWith("x9");
    Volume volume =
        oblong
            ? Reference.volume(2002, new Extent(4, 6, 9))
            : Reference.volume(2001, Extent.cube(8));
    float[] turned = apply(volume, NONE, Double.parseDouble(name.replace("_4x6x9", "")), 0, 1);
    assertValues(expected.get("first16"), turned, 0, 1e-6);
    assertSums(expected, turned);
    if (!oblong) {
      assertValues(expected.get("at[0,4,4,0..7]"), turned, (4 * 8 + 4) * 8, 1e-6);
    }
  }

  @Test
  void flip() {
    Volume volume = Reference.volume(2002, new Extent(4, 6, 9));
    assertValues(GOLDEN.get("flip2").get("in_first9"), volume.values(), 0, 0);
    float[] flipped = apply(volume, new Flips(false, false, true), 0, 0, 1);
    assertValues(GOLDEN.get("flip2").get("first9"), flipped, 0, 0);
  }

  @Test
  void shift() {
    Volume volume = Reference.volume(2002, new Extent(4, 6, 9));
    assertValues(GOLDEN.get("shift").get("first2"), apply(volume, NONE, 0, 0.25f, 1), 0, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.5", "0.8", "1.5"})
  void gamma(String gamma) {
    JsonNode expected = GOLDEN.get("gamma_" + gamma);
    Volume volume = Reference.volume(2002, new Extent(4, 6, 9));
    float[] changed = apply(volume, NONE, 0, 0, Float.parseFloat(gamma));
    assertValues(expected.get("first4"), changed, 0, 4e-7);
    assertEquals(expected.get("mean").asDouble(), sum(changed) / changed.length, 2e-7);
    float least = changed[0];
    float most = changed[0];
    for (float value : changed) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    assertEquals(expected.get("min").asDouble(), least, 2e-7);
    assertEquals(expected.get("max").asDouble(), most, 2e-7);
  }

  @ParameterizedTest
  @ValueSource(floats = {0.5f, 0.7f, 1, 1.25f, 1.5f})
  void powersAreThoseOfFloats(float exponent) {
    Gamma gamma = new Gamma(exponent);
    for (double x = 0x1p-40; x <= 1; x *= 1.0003) {
      assertEquals(Math.pow((float) x, exponent), gamma.power((float) x), 1e-7, "of " + x);
    }
    assertEquals(0, gamma.power(0));
    assertEquals(1, gamma.power(1));
    assertEquals(1, gamma.power(Math.nextUp(1f)), "rounded up");
  }

  @Test
  void allStepsTogetherAreTheDefinition() {
    Volume patch = Reference.volume(7, new Extent(19, 23, 11));
    Box crop = new Box(new Span(2, 13), new Span(5, 16), new Span(1, 9));
    for (Extent size : new Extent[] {Extent.cube(17), new Extent(5, 31, 8)}) {
      for (int flips = 0; flips < 8; flips++) {
        StretchedView view =
            new StretchedView(
                crop,
                size,
                new Flips((flips & 1) == 1, (flips & 2) == 2, (flips & 4) == 4),
                flips == 3 ? 0 : 0.6 - 0.3 * flips,
                0.4f,
                flips == 5 ? 1 : 1.3f);
        float[] expected = new float[size.voxels()];
        double[] exact = Reference.view(view, patch);
        for (int i = 0; i < expected.length; i++) {
          expected[i] = (float) exact[i];
        }
        assertArrayEquals(expected, apply(view, patch), 2e-6f, view.toString());
      }
    }
  }

  /** Extents of one voxel have no neighbour. */
  @Test
  void oneVoxelIsEnough() {
    Volume patch = Reference.volume(3, new Extent(1, 1, 1));
    for (Extent size : new Extent[] {Extent.cube(1), Extent.cube(3), new Extent(2, 1, 4)}) {
      View view = new StretchedView(Box.all(patch.extent()), size, NONE, 0.5, 0, 1);
      for (float value : apply(view, patch)) {
        assertEquals(patch.values()[0], value);
      }
    }
  }

  /** Nothing divides by a range of zero. */
  @Test
  void aConstantPatchStaysConstant() {
    Volume patch = Volume.of(Extent.cube(5));
    for (float value : apply(patch, NONE, 0.2, 0.3f, 0.7f)) {
      assertEquals(0.3f, value);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    Volume patch = Volume.of(Extent.cube(5));
    Box large = new Box(new Span(0, 5), new Span(1, 5), new Span(0, 5));
    View view = new StretchedView(large, Extent.cube(2), NONE, 0, 0, 1);
    String message =
        assertThrows(IllegalArgumentException.class, () -> view.apply(patch, new float[8]))
            .getMessage();
    assertEquals("a volume of 5x5x5 has no box of 5x5x5 at (0, 1, 0)", message);
    View all = new StretchedView(Box.all(patch.extent()), Extent.cube(2), NONE, 0, 0, 1);
    assertThrows(IllegalArgumentException.class, () -> all.apply(patch, new float[9]));
  }
}
