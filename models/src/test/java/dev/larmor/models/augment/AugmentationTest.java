package dev.larmor.models.augment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Philox;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** What is drawn, how often, and from which range. */
final class AugmentationTest {
  private static final int DRAWS = 4000;

  private static List<Variation> draws(Augmentation augmentation) {
    Philox stream = Philox.of(1, "augmentation");
    List<Variation> draws = new ArrayList<>();
    for (int i = 0; i < DRAWS; i++) {
      draws.add(augmentation.draw(stream.with(i)));
    }
    return draws;
  }

  /** Values where drawn reach over [low, high], no further, and are there as often as expected. */
  private static void assertDrawn(
      double probability,
      double low,
      double high,
      List<Variation> draws,
      ToDoubleFunction<Variation> value,
      Predicate<Variation> drawn) {
    double[] values = draws.stream().filter(drawn).mapToDouble(value).sorted().toArray();
    double deviation = Math.sqrt(probability * (1 - probability) / DRAWS);
    assertEquals(probability, (double) values.length / DRAWS, 4 * deviation + 1e-9);
    assertTrue(values[0] >= low && values[0] < low + 0.02 * (high - low), "least " + values[0]);
    double most = values[values.length - 1];
    assertTrue(most <= high && most > high - 0.02 * (high - low), "most " + most);
    assertEquals((low + high) / 2, values[values.length / 2], 0.1 * (high - low), "median");
  }

  private static <T> Function<Variation, T> geometry(Function<Geometry, T> f) {
    return variation -> f.apply(variation.geometry());
  }

  @Test
  void rangesAndProbabilitiesAreTheSpecifications() {
    List<Variation> draws = draws(new Augmentation(1, 0.5, 0.4, 0.3, 0.2, 0.6, 0.7));
    assertDrawn(1, 0.8, 1.2, draws, v -> v.intensity().brightness(), v -> true);
    assertDrawn(
        0.5, 0.8, 1.2, draws, v -> v.intensity().contrast(), v -> v.intensity().contrast() != 1);
    Function<Variation, Double> degrees = geometry(Geometry::degrees);
    assertDrawn(0.15, 3, 8, draws, degrees::apply, v -> degrees.apply(v) > 0);
    assertDrawn(0.15, -8, -3, draws, degrees::apply, v -> degrees.apply(v) < 0);
    Function<Variation, Double> scale = geometry(Geometry::scale);
    assertDrawn(0.2, 0.95, 1.05, draws, scale::apply, v -> scale.apply(v) != 1);
    for (Function<Variation, Integer> pixels :
        List.of(geometry(Geometry::down), geometry(Geometry::right))) {
      assertDrawn(0.3, 3, 8, draws, pixels::apply, v -> pixels.apply(v) > 0);
      assertDrawn(0.3, -8, -3, draws, pixels::apply, v -> pixels.apply(v) < 0);
    }
    double mirrored = draws.stream().filter(v -> v.geometry().mirrored()).count();
    assertEquals(0.4, mirrored / DRAWS, 0.04);
    double others = draws.stream().filter(v -> v.coils().isPresent()).count();
    assertEquals(0.7, others / DRAWS, 0.04);
    long both = draws.stream().filter(v -> v.geometry().down() == v.geometry().right()).count();
    assertTrue(both < 0.6 * DRAWS, "the two axes are drawn apart");
  }

  @Test
  void aDrawDependsOnItsStreamAlone() {
    Augmentation all = new Augmentation(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5);
    List<Variation> forward = draws(all);
    Philox stream = Philox.of(1, "augmentation");
    for (int i = DRAWS - 1; i >= 0; i -= 7) {
      assertEquals(forward.get(i), all.draw(stream.with(i)));
    }
    assertTrue(forward.stream().distinct().count() > 0.9 * DRAWS, "and differs between streams");
    // Asking for more kinds changes nothing about the others.
    Augmentation brighter = new Augmentation(0.5, 0, 0, 0, 0, 0, 0);
    for (int i = 0; i < 100; i++) {
      assertEquals(
          forward.get(i).intensity().brightness(),
          brighter.draw(stream.with(i)).intensity().brightness());
    }
  }

  @Test
  void noneIsNothingAndAllIsAll() {
    assertTrue(draws(Augmentation.NONE).stream().allMatch(Variation::isNone));
    for (Variation all : draws(new Augmentation(1, 1, 1, 1, 1, 1, 1))) {
      assertTrue(all.intensity().brightness() != 1 && all.intensity().contrast() != 1);
      Geometry g = all.geometry();
      assertTrue(all.coils().isPresent());
      assertTrue(g.mirrored() && g.degrees() != 0 && g.scale() != 1 && g.down() * g.right() != 0);
    }
  }

  @Test
  void probabilitiesAreChecked() {
    assertEquals(
        "the probability of flip must be in [0, 1], not 1.5",
        assertThrows(
                IllegalArgumentException.class, () -> new Augmentation(1, 0.5, 1.5, 0, 0, 0, 0))
            .getMessage());
    assertEquals(
        "the probability of shift must be in [0, 1], not NaN",
        assertThrows(
                IllegalArgumentException.class,
                () -> new Augmentation(1, 0.5, 0, 0, 0, Double.NaN, 0))
            .getMessage());
    assertEquals(
        "scale must be positive, not 0.0",
        assertThrows(IllegalArgumentException.class, () -> new Geometry(false, 0, 0, 0, 0))
            .getMessage());
  }
}
