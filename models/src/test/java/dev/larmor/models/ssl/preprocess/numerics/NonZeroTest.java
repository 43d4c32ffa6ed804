package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.ssl.preprocess.Golden;
import java.util.List;
import org.junit.jupiter.api.Test;

class NonZeroTest {
  private static final int[] SHAPE = {6, 9, 10};

  private static int at(int i, int j, int k) {
    return (i * SHAPE[1] + j) * SHAPE[2] + k;
  }

  @Test
  void theBoxHoldsEveryChannel() {
    int voxels = 6 * 9 * 10;
    float[] values = new float[2 * voxels];
    values[at(2, 7, 3)] = -1;
    values[voxels + at(5, 1, 8)] = 1e-30f;
    Box box = NonZero.box(values, SHAPE);
    assertEquals(
        new Box(List.of(new Box.Interval(2, 6), new Box.Interval(1, 8), new Box.Interval(3, 9))),
        box);
    float[] cropped = box.crop(values, SHAPE);
    assertEquals(2 * 4 * 7 * 6, cropped.length);
    assertEquals(-1, cropped[6 * 6]);
    assertEquals(1e-30f, cropped[4 * 7 * 6 + 3 * 7 * 6 + 5]);
  }

  @Test
  void zerosAloneKeepEverything() {
    assertEquals(Box.all(SHAPE), NonZero.box(new float[6 * 9 * 10], SHAPE));
  }

  @Test
  void holesAreThoseOfSciPy() {
    for (JsonNode expected : Golden.read("scikit").get("filled")) {
      int[] shape = Golden.ints(expected.get("shape"));
      double[] noise = Golden.noise(3002, shape[0] * shape[1] * shape[2]);
      float[] values = new float[noise.length];
      for (int i = 0; i < noise.length; i++) {
        values[i] = noise[i] > -0.3 ? 1 : 0;
      }
      boolean[] inside = new boolean[noise.length];
      for (int i = 0; i < inside.length; i++) {
        inside[i] = expected.get("inside").asText().charAt(i) == '1';
      }
      assertArrayEquals(inside, NonZero.filled(values, shape));
    }
  }
}
