package dev.larmor.models.ssl.preprocess.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import dev.larmor.models.ssl.preprocess.Golden;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class GridTest {
  private static final JsonNode GOLDEN = Golden.read("golden");

  @Test
  void shapesRoundHalfToEven() {
    for (JsonNode expected : GOLDEN.get("new_shape_cases")) {
      assertArrayEquals(
          Golden.ints(expected.get("new")),
          TargetShape.of(
              Golden.ints(expected.get("shape")),
              Golden.doubles(expected.get("spacing")),
              Golden.doubles(expected.get("target"))));
    }
  }

  @Test
  void slicesAreSeparateWhereTheyAreThick() {
    for (JsonNode expected : GOLDEN.get("sep_z_rule")) {
      int[] axes = Golden.ints(expected.get("lowres_axis"));
      boolean separate = expected.get("do_separate_z(current)").asBoolean() && axes.length == 1;
      assertEquals(
          separate ? OptionalInt.of(axes[0]) : OptionalInt.empty(),
          SeparateAxis.of(
              Golden.doubles(expected.get("spacing")), Golden.doubles(expected.get("new")), null));
    }
    double[] cube = {1, 1, 1};
    double[] slices = {1, 4, 1};
    assertEquals(OptionalInt.of(1), SeparateAxis.of(cube, slices, null));
    assertEquals(OptionalInt.empty(), SeparateAxis.of(slices, cube, false));
    assertEquals(OptionalInt.of(0), SeparateAxis.of(new double[] {2, 1, 1}, cube, true));
  }

  @Test
  void theCoarsestAxisComesFirst() {
    assertEquals(List.of(2, 0, 1), AxisOrder.coarsestFirst(new double[] {1, 1, 1.2}).axes());
    assertEquals(List.of(1, 0, 2), AxisOrder.coarsestFirst(new double[] {1, 2, 2}).axes());
    assertEquals(AxisOrder.IDENTITY, AxisOrder.coarsestFirst(new double[] {1, 1, 1}));
    AxisOrder order = new AxisOrder(List.of(2, 0, 1));
    assertEquals(new AxisOrder(List.of(1, 2, 0)), order.inverse());
    assertThrows(IllegalArgumentException.class, () -> new AxisOrder(List.of(0, 1, 1)));
  }

  @Test
  void axesArePermutedInEveryChannel() {
    int[] shape = {2, 3, 4};
    float[] values = new float[2 * 24];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    AxisOrder order = new AxisOrder(List.of(2, 0, 1));
    float[] turned = order.of(values, shape);
    // Channel 1, new place (3, 1, 2) was (1, 2, 3).
    assertEquals(24 + 1 * 12 + 2 * 4 + 3, turned[24 + 3 * 6 + 1 * 3 + 2]);
    assertArrayEquals(values, order.inverse().of(turned, order.of(shape)));
  }
}
