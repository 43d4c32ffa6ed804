package dev.larmor.models.simclr.view;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What nnssl's views are, how often, and from which range. */
final class CropViewsTest {
  private static final Extent PATCH = new Extent(192, 192, 64);
  private static final int SAMPLES = 2500;
  private static final List<ViewPair> PAIRS = draws(CropViews.NNSSL, PATCH);

  private static List<ViewPair> draws(CropViews views, Extent patch) {
    List<ViewPair> draws = new ArrayList<>();
    for (int i = 0; i < SAMPLES; i++) {
      draws.addAll(views.draw(patch, Views.stream(3, i / 120, i % 120)));
    }
    return draws;
  }

  private static List<CropView> singles() {
    List<CropView> views = new ArrayList<>();
    for (ViewPair pair : PAIRS) {
      views.add((CropView) pair.first());
      views.add((CropView) pair.second());
    }
    return views;
  }

  private static <T extends Change> double[] drawn(Class<T> kind, ToDoubleFunction<T> value) {
    return singles().stream()
        .flatMap(view -> view.changes().stream())
        .filter(kind::isInstance)
        .map(kind::cast)
        .mapToDouble(value)
        .sorted()
        .toArray();
  }

  private static double[] between(double[] sorted, double least, double most) {
    return Arrays.stream(sorted).filter(v -> v >= least && v < most).toArray();
  }

  /** All values, as many as expected, are in the range, whose quarters have as many each. */
  private static void assertUniform(
      double probability, double least, double most, double[] values) {
    double n = 4 * SAMPLES;
    double deviation = Math.sqrt(n * probability * (1 - probability));
    assertEquals(probability * n, values.length, 4 * deviation, "how often");
    for (int quarter = 0; quarter < 4; quarter++) {
      double low = least + (most - least) * quarter / 4;
      double count = between(values, low, low + (most - least) / 4).length;
      double expected = values.length / 4.0;
      assertEquals(expected, count, 4 * Math.sqrt(expected), "from " + low);
    }
    assertEquals(values.length, between(values, least, Math.nextUp(most)).length, "the range");
  }

  @Test
  void distributions() {
    assertUniform(0.1, 0, 0.1, drawn(Noise.class, Noise::deviation));
    assertUniform(0.1, 0.5, 1, drawn(Blur.class, Blur::deviation));
    assertUniform(0.15, 0.75, 1.25, drawn(Brightness.class, Brightness::factor));
    double[] contrast = drawn(Contrast.class, Contrast::factor);
    assertUniform(0.075, 0.75, 1, between(contrast, 0, 1));
    assertUniform(0.075, 1, 1.25, between(contrast, 1, 9));
    assertUniform(0.05, 0.5, 1, drawn(LowResolution.class, LowResolution::zoom));
    double[] inverted = drawn(Power.class, p -> p.inverted() ? p.gamma() : 0);
    assertUniform(0.05, 0.7, 1, between(inverted, 0.1, 1));
    assertUniform(0.05, 1, 1.5, between(inverted, 1, 9));
    double[] upright = drawn(Power.class, p -> p.inverted() ? 0 : p.gamma());
    assertUniform(0.15, 0.7, 1, between(upright, 0.1, 1));
    assertUniform(0.15, 1, 1.5, between(upright, 1, 9));
    double[] turns = drawn(QuarterTurns.class, QuarterTurns::turns);
    for (int turn = 1; turn <= 3; turn++) {
      assertEquals(0.1 * 4 * SAMPLES, between(turns, turn, turn + 1).length, 120);
    }
    double[] mirrors =
        drawn(
            Mirror.class,
            m ->
                (m.flips().axis0() ? 1 : 0)
                    + (m.flips().axis1() ? 2 : 0)
                    + (m.flips().axis2() ? 4 : 0));
    for (int axes = 1; axes < 8; axes++) {
      assertEquals(4 * SAMPLES / 8.0, between(mirrors, axes, axes + 1).length, 140);
    }
  }

  @Test
  void changesKeepTheirOrder() {
    List<Class<? extends Change>> order =
        List.of(
            Noise.class,
            Blur.class,
            Brightness.class,
            Contrast.class,
            LowResolution.class,
            Power.class,
            Mirror.class,
            QuarterTurns.class);
    for (CropView view : singles()) {
      int last = -1;
      boolean upright = false;
      for (Change change : view.changes()) {
        int at = order.indexOf(change.getClass());
        assertTrue(at > last || change instanceof Power, view.toString());
        if (change instanceof Power power) {
          assertTrue(!upright, "the negative comes first");
          upright = !power.inverted();
        }
        last = at;
      }
    }
  }

  @Test
  void partnersOverlapByHalfAlongEveryAxis() {
    int[] furthest = new int[3];
    boolean[] starts = new boolean[129];
    for (ViewPair pair : PAIRS) {
      Box reference = pair.first().crop();
      Box partner = pair.second().crop();
      assertTrue(reference.in(PATCH) && partner.in(PATCH));
      starts[reference.axis0().start()] = true;
      for (int axis = 0; axis < 3; axis++) {
        int shared = reference.along(axis).overlap(partner.along(axis));
        assertTrue(shared >= 32);
        furthest[axis] = Math.max(furthest[axis], 64 - shared);
      }
    }
    assertArrayEquals(new int[] {32, 32, 0}, furthest);
    for (boolean start : starts) {
      assertTrue(start, "every start is drawn");
    }
  }

  /** Of a reference in the middle, each of the 65 places of its partner is as likely. */
  @Test
  void partnersAreUniform() {
    int[] counts = new int[65];
    int n = 0;
    for (ViewPair pair : PAIRS) {
      int start = pair.first().crop().axis1().start();
      if (start >= 32 && start <= 96) {
        counts[pair.second().crop().axis1().start() - start + 32]++;
        n++;
      }
    }
    double expected = n / 65.0;
    for (int count : counts) {
      assertEquals(expected, count, 4.5 * Math.sqrt(expected));
    }
  }

  @Test
  void withoutChangesAViewIsItsCrop() {
    Volume patch = Reference.volume(4, new Extent(12, 10, 8));
    CropViews views = new CropViews(3, 6, 0.5, false);
    List<ViewPair> pairs = views.draw(patch.extent(), Views.stream(1, 0, 0));
    assertEquals(3, pairs.size());
    assertEquals(Extent.cube(6), views.size());
    for (ViewPair pair : pairs) {
      float[] actual = new float[216];
      pair.second().apply(patch, actual);
      float[] expected = new float[216];
      new Patch(pair.second().crop()).cut(patch, 0, expected);
      assertArrayEquals(expected, actual);
      assertEquals(List.of(), ((CropView) pair.first()).changes());
    }
  }

  @Test
  void changesAreMadeOneAfterTheOther() {
    Volume patch = Reference.volume(4, new Extent(12, 10, 8));
    Box crop = new Box(new Span(3, 5), new Span(1, 5), new Span(2, 6));
    List<Change> changes = List.of(new Blur(0.6), new Brightness(2), new QuarterTurns(1));
    Volume expected = Volume.of(crop.extent());
    new Patch(crop).cut(patch, 0, expected.values());
    changes.forEach(change -> change.apply(expected));
    float[] before = patch.values().clone();
    float[] actual = new float[150];
    new CropView(crop, changes).apply(patch, actual);
    assertArrayEquals(expected.values(), actual);
    assertArrayEquals(before, patch.values(), "the patch stays as it is");
  }

  @Test
  void drawsDependOnSeedStepAndSampleAlone() {
    List<List<ViewPair>> threads =
        IntStream.range(0, SAMPLES)
            .parallel()
            .mapToObj(i -> CropViews.NNSSL.draw(PATCH, Views.stream(3, i / 120, i % 120)))
            .toList();
    assertEquals(PAIRS, threads.stream().flatMap(List::stream).toList());
    assertTrue(!PAIRS.get(0).first().equals(PAIRS.get(1).first()), "pairs differ");
  }

  @Test
  void aPatchSmallerThanTheCropsIsRefused() {
    Extent small = new Extent(64, 60, 64);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> CropViews.NNSSL.draw(small, Views.stream(1, 0, 0)))
            .getMessage();
    assertEquals("a patch of 64x60x64 has no crop of 64x64x64", message);
    assertThrows(IllegalArgumentException.class, () -> new CropViews(0, 64, 0.5, true));
    assertThrows(IllegalArgumentException.class, () -> new CropViews(2, 64, 1.5, true));
  }
}
