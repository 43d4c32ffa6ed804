package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.ssl.preprocess.Golden;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CubicResamplingTest {
  private static final JsonNode GOLDEN = Golden.read("golden");

  /** In double, before the values are clipped and rounded. */
  @ParameterizedTest
  @ValueSource(ints = {5, 7, 10, 13, 20})
  void aLineIsScikitImagesToDoublePrecision(int to) {
    double[] line = {0, 1, 4, 9, 16, 9, 4, 1, 0, 2};
    CubicSpline spline = new CubicSpline(new Axis(line.length, to));
    for (int i = 0; i < line.length; i++) {
      spline.row(i)[3] = line[i];
    }
    spline.filter();
    double[] expected = Golden.doubles(GOLDEN.get("resize1d_order3").get(Integer.toString(to)));
    for (int k = 0; k < to; k++) {
      assertEquals(expected[k], Math.clamp(spline.sample(k)[3], 0.0, 16.0), 2e-14, "sample " + k);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resample_iso_up_1.5",
        "resample_aniso_1.2_1_1",
        "resample_down_0.7",
        "resample_sepz_5_1_1",
        "resample_sepz_axis2_(0.5,0.5,4)",
        "resample_two_lowres_axes_(0.3,2,2)"
      })
  void aVolumeIsTheOriginals(String name) {
    JsonNode expected = GOLDEN.get(name);
    int[] from = {6, 7, 8};
    double[] spacing = Golden.doubles(expected.get("spacing"));
    double[] target = {1, 1, 1};
    int[] to = TargetShape.of(from, spacing, target);
    assertArrayEquals(Golden.ints(expected.get("new_shape")), to);

    OptionalInt separate = SeparateAxis.of(spacing, target, null);
    float[] values =
        CubicResampling.resample(Golden.image(from), from, to, separate, new Workers(2));

    assertSums(expected, values);
  }

  static void assertSums(JsonNode expected, float[] values) {
    double[] first = Golden.doubles(expected.get("first8"));
    double[] last = Golden.doubles(expected.get("last4"));
    for (int i = 0; i < first.length; i++) {
      assertEquals((float) first[i], values[i], 6e-8f, "value " + i);
    }
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[i];
      squares += (double) values[i] * values[i];
      if (i >= values.length - 4) {
        assertEquals((float) last[i - values.length + 4], values[i], 6e-8f, "value " + i);
      }
    }
    assertEquals(expected.get("sum").asDouble(), sum, 1e-7 * values.length);
    assertEquals(expected.get("sumsq").asDouble(), squares, 1e-7 * values.length);
    ValueRange range = ValueRange.of(values);
    assertEquals((float) expected.get("min").asDouble(), range.low()[0]);
    assertEquals((float) expected.get("max").asDouble(), range.high()[0]);
  }

  @Test
  void everyVoxelIsScikitImages() {
    for (JsonNode expected : Golden.read("scikit").get("cubic")) {
      int[] from = Golden.ints(expected.get("from"));
      int[] to = Golden.ints(expected.get("to"));
      float[] values =
          CubicResampling.resample(Golden.image(from), from, to, OptionalInt.empty(), Workers.ONE);
      double[] all = Golden.doubles(expected.get("values"));
      assertEquals(all.length, values.length);
      for (int i = 0; i < all.length; i++) {
        assertEquals((float) all[i], values[i], 6e-8f, "value " + i);
      }
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    int[] from = {17, 21, 33};
    int[] to = {23, 19, 40};
    for (OptionalInt separate : new OptionalInt[] {OptionalInt.empty(), OptionalInt.of(1)}) {
      float[] one = CubicResampling.resample(Golden.image(from), from, to, separate, Workers.ONE);
      float[] five =
          CubicResampling.resample(Golden.image(from), from, to, separate, new Workers(5));
      assertArrayEquals(one, five);
    }
  }

  @Test
  void aVolumeThatKeepsItsShapeIsLeftAlone() {
    int[] shape = {3, 4, 5};
    float[] image = Golden.image(shape);
    assertSame(
        image, CubicResampling.resample(image, shape, shape, OptionalInt.of(0), Workers.ONE));
  }

  /** Each slice keeps its own range: a bright one does not let its neighbour overshoot. */
  @Test
  void separateSlicesAreClippedOneByOne() {
    float[] values = {0, 0, 1, 1, 0, 0, /* the second */ 50, 50, 60, 60, 50, 50};
    int[] from = {2, 1, 6};
    float[] result =
        CubicResampling.resample(
            values, from, new int[] {2, 1, 20}, OptionalInt.of(0), Workers.ONE);
    for (int i = 0; i < 20; i++) {
      assertEquals(0.5, result[i], 0.5, "value " + i);
      assertEquals(55, result[20 + i], 5, "value " + (20 + i));
    }
  }
}
