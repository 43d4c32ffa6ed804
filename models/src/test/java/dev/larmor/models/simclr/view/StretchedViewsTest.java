package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What is drawn, how often, from which range, and what the options change. */
final class StretchedViewsTest {
  private static final Extent PATCH = new Extent(192, 192, 64);
  private static final int DRAWS = 4000;

  private static List<ViewPair> draws(Views views, Extent patch) {
    List<ViewPair> draws = new ArrayList<>();
    for (int i = 0; i < DRAWS; i++) {
      draws.addAll(views.draw(patch, Views.stream(7, i / 120, i % 120)));
    }
    return draws;
  }

  private static List<StretchedView> singles(List<ViewPair> pairs) {
    List<StretchedView> views = new ArrayList<>();
    pairs.forEach(pair -> {
      views.add((StretchedView) pair.first());
      views.add((StretchedView) pair.second());
    });
    return views;
  }

  /**
   * Where drawn at all, which happens as often as it should, values are uniform: the furthest from
   * the straight line, of all shares below a value, is as the Kolmogorov–Smirnov test allows in all
   * but one of a thousand.
   *
   * @param grain the step between values: 1 for whole numbers
   */
  private static void assertUniform(
      double probability,
      double least,
      double most,
      double grain,
      List<StretchedView> views,
      ToDoubleFunction<StretchedView> value,
      Predicate<StretchedView> drawn) {
    double[] values = views.stream().filter(drawn).mapToDouble(value).sorted().toArray();
    double n = views.size();
    double deviation = Math.sqrt(probability * (1 - probability) / n);
    assertEquals(probability, values.length / n, 4 * deviation + 1e-3);
    double furthest = 0;
    for (int i = 0; i < values.length; i++) {
      double expected = (values[i] - least) / (most - least);
      assertTrue(expected >= 0 && expected <= 1, "out of range: " + values[i]);
      furthest = Math.max(furthest, Math.abs(expected - (i + 0.5) / values.length));
    }
    assertTrue(
        furthest < 1.95 / Math.sqrt(values.length) + grain / 2 / (most - least),
        "not uniform: " + furthest);
  }

  @Test
  void theOriginalsDistributions() {
    List<StretchedView> views = singles(draws(StretchedViews.ORIGINAL, PATCH));
    assertUniform(0.5, -0.785, 0.785, 0, views, StretchedView::angle, v -> v.angle() != 0);
    assertUniform(0.8, -0.5, 0.5, 0, views, StretchedView::shift, v -> v.shift() != 0);
    assertUniform(0.8, 0.5, 1.5, 0, views, StretchedView::gamma, v -> v.gamma() != 1);
    assertUniform(1, 59.5, 192.5, 1, views, v -> v.crop().axis0().size(), v -> true);
    assertUniform(1, 59.5, 192.5, 1, views, v -> v.crop().axis1().size(), v -> true);
    double flipped = views.stream().filter(v -> v.flips().axis2()).count();
    assertEquals(0.5, flipped / views.size(), 0.03);
    assertTrue(views.stream().noneMatch(v -> v.flips().axis0() || v.flips().axis1()));
    assertTrue(views.stream().allMatch(v -> v.crop().in(PATCH)));
    for (int size = 60; size <= 64; size++) {
      int s = size;
      List<StretchedView> of = views.stream().filter(v -> v.crop().axis2().size() == s).toList();
      assertEquals(0.2, of.size() / (double) views.size(), 0.02, "size " + size);
      for (int start = 0; start <= 64 - size; start++) {
        int a = start;
        double count = of.stream().filter(v -> v.crop().axis2().start() == a).count();
        assertEquals(1.0 / (65 - size), count / of.size(), 0.05, size + " at " + start);
      }
    }
    // A start is uniform in what its size leaves, if it leaves many.
    assertUniform(
        91.0 / 133,
        0,
        1,
        0.01,
        views,
        v -> (v.crop().axis0().start() + 0.5) / (193 - v.crop().axis0().size()),
        v -> v.crop().axis0().size() <= 150);
  }

  /** Correlation of two numbers that should have nothing to do with each other. */
  private static double correlation(double[] x, double[] y) {
    double mx = IntStream.range(0, x.length).mapToDouble(i -> x[i]).average().orElseThrow();
    double my = IntStream.range(0, y.length).mapToDouble(i -> y[i]).average().orElseThrow();
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < x.length; i++) {
      xx += (x[i] - mx) * (x[i] - mx);
      yy += (y[i] - my) * (y[i] - my);
      xy += (x[i] - mx) * (y[i] - my);
    }
    return xy / Math.sqrt(xx * yy);
  }

  @Test
  void drawsAreIndependent() {
    List<ViewPair> pairs = draws(StretchedViews.ORIGINAL, PATCH);
    List<ToDoubleFunction<StretchedView>> numbers =
        List.of(
            v -> v.crop().axis0().size(),
            v -> v.crop().axis1().size(),
            v -> v.crop().axis2().start(),
            v -> v.flips().axis2() ? 1 : 0,
            StretchedView::angle,
            StretchedView::shift,
            StretchedView::gamma);
    double limit = 4 / Math.sqrt(DRAWS);
    for (ToDoubleFunction<StretchedView> a : numbers) {
      double[] first =
          pairs.stream().mapToDouble(p -> a.applyAsDouble((StretchedView) p.first())).toArray();
      for (ToDoubleFunction<StretchedView> b : numbers) {
        double[] second =
            pairs.stream().mapToDouble(p -> b.applyAsDouble((StretchedView) p.second())).toArray();
        assertEquals(0, correlation(first, second), limit, "the two views");
        if (!a.equals(b)) {
          double[] same =
              pairs.stream().mapToDouble(p -> b.applyAsDouble((StretchedView) p.first())).toArray();
          assertEquals(0, correlation(first, same), limit, "one view");
        }
      }
    }
  }

  @Test
  void aPairDependsOnSeedStepAndSampleAlone() {
    List<ViewPair> expected = draws(StretchedViews.ORIGINAL, PATCH);
    List<ViewPair> threads =
        IntStream.range(0, DRAWS)
            .parallel()
            .mapToObj(i -> StretchedViews.ORIGINAL.draw(PATCH, Views.stream(7, i / 120, i % 120)))
            .flatMap(List::stream)
            .toList();
    assertEquals(expected, threads);
    List<ViewPair> one = StretchedViews.ORIGINAL.draw(PATCH, Views.stream(7, 3, 5));
    assertNotEquals(one, StretchedViews.ORIGINAL.draw(PATCH, Views.stream(8, 3, 5)), "seed");
    assertNotEquals(one, StretchedViews.ORIGINAL.draw(PATCH, Views.stream(7, 4, 5)), "step");
    assertNotEquals(one, StretchedViews.ORIGINAL.draw(PATCH, Views.stream(7, 3, 6)), "sample");
    assertNotEquals(
        one, StretchedViews.ORIGINAL.draw(PATCH, Views.stream(7, 5, 3)), "step and sample");
  }

  private static View first(Views views, Volume patch, int sample) {
    return views.draw(patch.extent(), Views.stream(1, 2, sample)).getFirst().first();
  }

  /** Views that several threads make at once are, to the bit, those that one makes. */
  @Test
  void anyNumberOfThreadsMakesTheSameViews() {
    Volume patch = Reference.volume(9, new Extent(40, 44, 36));
    Views views = new StretchedViews(24, 20, false, 0, true);
    float[][] serial = new float[16][views.size().voxels()];
    float[][] parallel = new float[16][views.size().voxels()];
    IntStream.range(0, serial.length).forEach(i -> first(views, patch, i).apply(patch, serial[i]));
    IntStream.range(0, parallel.length)
        .parallel()
        .forEach(i -> first(views, patch, i).apply(patch, parallel[i]));
    for (int i = 0; i < serial.length; i++) {
      assertArrayEquals(serial[i], parallel[i]);
    }
  }

  @Test
  void cropsThatKeepTheAspectAreCubes() {
    Extent patch = new Extent(192, 160, 128);
    List<StretchedView> views = singles(draws(new StretchedViews(160, 60, true, 0, false), patch));
    assertTrue(views.stream().allMatch(v -> v.crop().in(patch)));
    for (StretchedView view : views) {
      assertEquals(Extent.cube(view.crop().axis0().size()), view.crop().extent());
    }
    assertUniform(1, 59.5, 128.5, 1, views, v -> v.crop().axis0().size(), v -> true);
  }

  @Test
  void cropsOverlapAtLeastAsAsked() {
    for (double least : new double[] {0.25, 0.5, 1}) {
      double smallest = 1;
      for (ViewPair pair : draws(new StretchedViews(160, 60, false, least, false), PATCH)) {
        assertTrue(pair.second().crop().in(PATCH));
        for (int axis = 0; axis < 3; axis++) {
          Span a = pair.first().crop().along(axis);
          Span b = pair.second().crop().along(axis);
          double share = (double) a.overlap(b) / Math.min(a.size(), b.size());
          assertTrue(share >= least, a + " and " + b);
          smallest = Math.min(smallest, share);
        }
      }
      assertEquals(least, smallest, 0.02, "the limit is reached");
    }
    long disjoint =
        draws(StretchedViews.ORIGINAL, PATCH).stream()
            .filter(p -> p.first().crop().axis0().overlap(p.second().crop().axis0()) == 0)
            .count();
    assertTrue(disjoint > 0, "the original asks for no overlap");
  }

  @Test
  void allAxesFlipByThemselves() {
    List<StretchedView> views = singles(draws(new StretchedViews(160, 60, false, 0, true), PATCH));
    int[] counts = new int[8];
    for (StretchedView view : views) {
      Flips flips = view.flips();
      counts[(flips.axis0() ? 1 : 0) + (flips.axis1() ? 2 : 0) + (flips.axis2() ? 4 : 0)]++;
    }
    for (int count : counts) {
      assertEquals(views.size() / 8.0, count, 4 * Math.sqrt(views.size() / 8.0));
    }
  }

  /** So that runs with and without an option can be compared. */
  @Test
  void anOptionLeavesOtherDrawsAsTheyAre() {
    List<ViewPair> original = draws(StretchedViews.ORIGINAL, PATCH);
    List<ViewPair> mended = draws(new StretchedViews(160, 60, false, 0.5, true), PATCH);
    for (int i = 0; i < DRAWS; i++) {
      StretchedView a = (StretchedView) original.get(i).second();
      StretchedView b = (StretchedView) mended.get(i).second();
      assertEquals(a.angle(), b.angle());
      assertEquals(a.gamma(), b.gamma());
      assertEquals(a.flips().axis2(), b.flips().axis2());
      assertEquals(a.crop().extent(), b.crop().extent());
      assertEquals(original.get(i).first().crop(), mended.get(i).first().crop());
    }
  }

  @Test
  void aSmallPatchIsTakenWhole() {
    ViewPair pair =
        StretchedViews.ORIGINAL.draw(new Extent(70, 60, 16), Views.stream(1, 0, 0)).getFirst();
    assertEquals(new Span(0, 60), pair.first().crop().axis1());
    assertEquals(new Span(0, 16), pair.second().crop().axis2());
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new StretchedViews(160, 0, false, 0, false));
    assertThrows(
        IllegalArgumentException.class, () -> new StretchedViews(160, 60, false, 1.1, false));
    assertThrows(
        IllegalArgumentException.class,
        () -> new StretchedViews(160, 60, false, Double.NaN, false));
  }
}
