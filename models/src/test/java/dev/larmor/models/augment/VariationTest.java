package dev.larmor.models.augment;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Resample;
import dev.larmor.engine.op.Rss;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.loss.AnatomicalRegion;
import dev.larmor.models.nn.CentreCrop;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** K-space and target change together, and as asked. */
final class VariationTest {
  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** Sizes of k-space, and of the target: even and odd, smaller and larger. */
  record Size(int coils, int height, int width, int target) {
    TensorSpec images() {
      return TensorSpec.of(DType.C64, coils, height, width);
    }

    int pixel(int coil, int row, int column) {
      return (coil * height + row) * width + column;
    }
  }

  static List<Size> sizes() {
    return List.of(
        new Size(3, 64, 60, 48),
        new Size(2, 63, 57, 48),
        new Size(4, 58, 61, 57),
        new Size(1, 50, 44, 64),
        new Size(2, 51, 45, 64),
        new Size(2, 44, 75, 60));
  }

  /** A smooth spot. */
  private record Spot(double row, double column, double width, double height) {
    double at(double r, double c) {
      double distance = Math.hypot(r - row, c - column) / width;
      return height * Math.exp(-distance * distance / 2);
    }
  }

  /** Three bright spots in the dark about the centre. */
  private static List<Spot> spots(Size size) {
    int r = size.height / 2;
    int c = size.width / 2;
    return List.of(
        new Spot(r - 4, c + 6, 5, 8e-4),
        new Spot(r + 7, c - 3, 6, 5e-4),
        new Spot(r + 2, c + 8, 4, 3e-4));
  }

  private static double value(List<Spot> spots, double r, double c) {
    return spots.stream().mapToDouble(spot -> spot.at(r, c)).sum();
  }

  /** The spots as coils with phases of their own see them, with noise. */
  private static float[] images(Size size, List<Spot> spots, double noise) {
    float[] images = new float[2 * size.coils * size.height * size.width];
    Philox random = Philox.of(3, "noise");
    for (int coil = 0; coil < size.coils; coil++) {
      for (int r = 0; r < size.height; r++) {
        for (int c = 0; c < size.width; c++) {
          int i = 2 * size.pixel(coil, r, c);
          double sensitivity = 1 + 0.5 * Math.sin(coil + 0.02 * r - 0.03 * c);
          double phase = coil + 0.05 * r - 0.04 * c;
          double value = sensitivity * value(spots, r, c);
          images[i] = (float) (value * Math.cos(phase) + noise * random.normal(i));
          images[i + 1] = (float) (value * Math.sin(phase) + noise * random.normal(i + 1));
        }
      }
    }
    return images;
  }

  private static FullSlice slice(Size size, float[] images) {
    Tensor x = device.tensor(size.images(), images);
    return new FullSlice(new Fft2(false, true).apply(x), target(x, size));
  }

  private static Tensor target(Tensor images, Size size) {
    return new CentreCrop(size.target, size.target).apply(new Rss().apply(images));
  }

  private static Tensor coilImages(FullSlice slice) {
    return new Fft2(true, true).apply(slice.kspace());
  }

  private static float[] noisy(Size size) {
    return images(size, spots(size), 2e-6);
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static void assertClose(float[] expected, float[] actual, double tolerance) {
    assertArrayEquals(expected, actual, (float) (tolerance * largest(expected)));
  }

  private static Variation geometric(Geometry geometry) {
    return new Variation(Intensity.SAME, Optional.empty(), geometry);
  }

  private static FullSlice vary(Variation variation, FullSlice slice) {
    return variation.apply(slice, Anatomy.BRAIN);
  }

  /** Coil images and target of a varied slice. */
  private record Seen(float[] images, float[] target) {
    static Seen of(Size size, float[] images, Variation variation) {
      Tensor[] seen =
          Scope.run(() -> {
            FullSlice varied = vary(variation, slice(size, images));
            return new Tensor[] {coilImages(varied), varied.target()};
          });
      try (Tensor x = seen[0];
          Tensor y = seen[1]) {
        return new Seen(x.toFloats(), y.toFloats());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void theTargetIsTheRootSumOfSquaresOfTheKspace(Size size) {
    Augmentation augmentation = new Augmentation(0.6, 0.6, 0.4, 0.4, 0.4, 0.4, 0.5);
    for (int draw = 0; draw < 25; draw++) {
      Variation variation = augmentation.draw(Philox.of(5, "draw").with(draw));
      Scope.run(() -> {
        FullSlice varied = vary(variation, slice(size, noisy(size)));
        assertEquals(TensorSpec.of(DType.F32, 1, size.target, size.target), varied.target().spec());
        float[] expected = target(coilImages(varied), size).toFloats();
        assertClose(expected, varied.target().toFloats(), 2e-6);
        double energy = 0;
        for (float v : varied.kspace().toFloats()) {
          energy += (double) v * v;
        }
        assertTrue(energy > 0 && Double.isFinite(energy), variation + ": " + energy);
      });
    }
  }

  @Test
  void noChangeLeavesTheTensorsAlone() {
    Size size = sizes().getFirst();
    Scope.run(() -> {
      FullSlice slice = slice(size, noisy(size));
      assertSame(slice, vary(Variation.NONE, slice));
    });
  }

  /** The curve in plain Java, from the coil images; outside the region no bit of a target moves. */
  @ParameterizedTest
  @MethodSource("sizes")
  void intensitiesFollowTheCurveInsideTheRegion(Size size) {
    float[] images = noisy(size);
    int pixels = size.height * size.width;
    float[] magnitude = new float[pixels];
    for (int p = 0; p < pixels; p++) {
      double sum = 0;
      for (int coil = 0; coil < size.coils; coil++) {
        int i = 2 * (coil * pixels + p);
        sum += (double) images[i] * images[i] + (double) images[i + 1] * images[i + 1];
      }
      magnitude[p] = (float) Math.sqrt(sum);
    }
    TensorSpec spec = TensorSpec.of(DType.F32, 1, size.height, size.width);
    CentreCrop crop = new CentreCrop(size.target, size.target);
    for (Intensity intensity :
        List.of(new Intensity(1.17, 1), new Intensity(1, 0.81), new Intensity(0.83, 1.19))) {
      Scope.run(() -> {
        Tensor whole = device.tensor(spec, magnitude);
        float[] region = AnatomicalRegion.of(whole, Anatomy.BRAIN).mask().toFloats();
        double sum = 0;
        int inside = 0;
        for (int p = 0; p < pixels; p++) {
          sum += region[p] * magnitude[p];
          inside += region[p] == 1 ? 1 : 0;
        }
        assertTrue(inside > 100 && pixels - inside > 100, inside + " of " + pixels);
        double m = intensity.brightness() * sum / inside;
        float[] expected = magnitude.clone();
        int cut = 0;
        for (int p = 0; p < pixels; p++) {
          if (region[p] == 1) {
            double x = intensity.brightness() * magnitude[p];
            double y = m + intensity.contrast() * (x - m);
            cut += y < 0 ? 1 : 0;
            expected[p] = (float) Math.max(0, y);
          }
        }
        assertEquals(intensity.contrast() > 1, cut > 0, "contrast that cuts off the darkest");

        FullSlice slice = slice(size, images);
        FullSlice varied = vary(new Variation(intensity, Optional.empty(), Geometry.SAME), slice);
        Tensor target = crop.apply(device.tensor(spec, expected));
        assertClose(target.toFloats(), varied.target().toFloats(), 2e-6);
        Tensor marked = crop.apply(device.tensor(spec, region));
        assertArrayEquals(
            outside(slice.target().toFloats(), marked.toFloats()),
            outside(varied.target().toFloats(), marked.toFloats()));

        // Each coil by the same real factor.
        float[] scaled = images.clone();
        for (int i = 0; i < scaled.length; i++) {
          int p = i / 2 % pixels;
          scaled[i] = magnitude[p] == 0 ? 0 : images[i] * (expected[p] / magnitude[p]);
        }
        // What the transforms round is multiplied too, most where it is dark.
        float[] seen = coilImages(varied).toFloats();
        double rounding = 2e-6 * largest(images);
        for (int i = 0; i < scaled.length; i++) {
          int p = i / 2 % pixels;
          double gain = magnitude[p] == 0 ? 0 : expected[p] / magnitude[p];
          assertEquals(scaled[i], seen[i], rounding * Math.max(1, gain));
        }
      });
    }
  }

  private static float[] outside(float[] values, float[] region) {
    float[] outside = values.clone();
    for (int i = 0; i < values.length; i++) {
      outside[i] = region[i] == 1 ? 0 : values[i];
    }
    return outside;
  }

  @Test
  void nothingStaysNothing() {
    Size size = sizes().getFirst();
    Variation all = new Augmentation(1, 1, 1, 1, 1, 1, 1).draw(Philox.of(1, "all"));
    Seen seen = Seen.of(size, new float[2 * size.coils * size.height * size.width], all);
    assertEquals(0, largest(seen.images));
    assertEquals(0, largest(seen.target));
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void mirroringTurnsTheColumnsRound(Size size) {
    Variation mirror = geometric(new Geometry(true, 0, 1, 0, 0));
    float[] images = noisy(size);
    float[] expected = new float[images.length];
    for (int i = 0; i < images.length; i++) {
      int column = i / 2 % size.width;
      expected[i] = images[i + 2 * (size.width - 1 - 2 * column)];
    }
    Seen seen = Seen.of(size, images, mirror);
    assertClose(expected, seen.images, 2e-6);
    assertClose(images, Seen.of(size, seen.images, mirror).images, 4e-6);
    if ((size.width - size.target) % 2 == 0) {
      // The crop has the same middle: the target is its own mirror image.
      float[] before = Seen.of(size, images, Variation.NONE).target;
      for (int i = 0; i < before.length; i++) {
        int column = i % size.target;
        float opposite = before[i + size.target - 1 - 2 * column];
        assertEquals(opposite, seen.target[i], 2e-6 * largest(before));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void shiftsMovePixelsAndRepeatTheEdge(Size size) {
    float[] images = noisy(size);
    for (int down : new int[] {3, -8}) {
      for (int right : new int[] {-5, 8}) {
        float[] expected = new float[images.length];
        for (int coil = 0; coil < size.coils; coil++) {
          for (int r = 0; r < size.height; r++) {
            for (int c = 0; c < size.width; c++) {
              int fromRow = Math.clamp(r - down, 0, size.height - 1);
              int fromColumn = Math.clamp(c - right, 0, size.width - 1);
              int to = 2 * size.pixel(coil, r, c);
              int from = 2 * size.pixel(coil, fromRow, fromColumn);
              expected[to] = images[from];
              expected[to + 1] = images[from + 1];
            }
          }
        }
        Geometry moved = new Geometry(false, 0, 1, down, right);
        assertClose(expected, Seen.of(size, images, geometric(moved)).images, 2e-6);
      }
    }
  }

  /**
   * Round spots stay round: they go where the geometry sends their middles, counter-clockwise with
   * rows counted downwards.
   */
  @ParameterizedTest
  @MethodSource("sizes")
  void spotsGoWhereTheyAreSent(Size size) {
    Augmentation augmentation = new Augmentation(0, 0, 0.5, 1, 0.7, 0.7, 0);
    Size single = new Size(1, size.height, size.width, size.target);
    List<Spot> spots = spots(single);
    float[] images = new float[2 * size.height * size.width];
    float[] expected = new float[size.height * size.width];
    int middleRow = size.height / 2;
    int middleColumn = size.width / 2;
    for (int draw = 0; draw < 10; draw++) {
      Geometry g = augmentation.draw(Philox.of(8, "draw").with(draw)).geometry();
      double angle = Math.toRadians(g.degrees());
      List<Spot> sent =
          spots.stream()
              .map(spot -> {
                double column = g.mirrored() ? size.width - 1 - spot.column : spot.column;
                double x = column - middleColumn;
                double y = middleRow - spot.row;
                double turnedX = x * Math.cos(angle) - y * Math.sin(angle);
                double turnedY = x * Math.sin(angle) + y * Math.cos(angle);
                return new Spot(
                    middleRow - g.scale() * turnedY + g.down(),
                    middleColumn + g.scale() * turnedX + g.right(),
                    spot.width * g.scale(),
                    spot.height);
              })
              .toList();
      for (int p = 0; p < expected.length; p++) {
        int row = p / size.width;
        int column = p % size.width;
        images[2 * p] = (float) value(spots, row, column);
        expected[p] = (float) value(sent, row, column);
      }
      float[] seen = Seen.of(single, images, geometric(g)).images;
      double largest = largest(expected);
      for (int p = 0; p < expected.length; p++) {
        int column = p % size.width;
        int row = p / size.width;
        boolean edge =
            Math.min(row, size.height - 1 - row) < 12
                || Math.min(column, size.width - 1 - column) < 12;
        if (!edge) {
          assertEquals(expected[p], seen[2 * p], 0.015 * largest, g + " at " + row + ", " + column);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void turningBackIsNearlyTheSame(Size size) {
    float[] images = images(size, spots(size), 0);
    Seen turned = Seen.of(size, images, geometric(new Geometry(false, 6, 1, 0, 0)));
    Seen back = Seen.of(size, turned.images, geometric(new Geometry(false, -6, 1, 0, 0)));
    double largest = largest(images);
    double once = 0;
    double twice = 0;
    for (int r = 12; r < size.height - 12; r++) {
      for (int c = 12; c < size.width - 12; c++) {
        int i = 2 * size.pixel(0, r, c);
        once = Math.max(once, Math.abs(images[i] - turned.images[i]));
        twice = Math.max(twice, Math.abs(images[i] - back.images[i]));
      }
    }
    assertTrue(once > 0.03 * largest, "the turn is seen: " + once / largest);
    assertTrue(twice < 0.25 * once, once / largest + " there, " + twice / largest + " and back");
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void theFourierCentreStaysWhereItIs(Size size) {
    int row = size.height / 2;
    int column = size.width / 2;
    Resample turned = new Geometry(false, -7, 1.04, 0, 0).resample(size.height, size.width);
    assertEquals(row, turned.row().at(row, column), 1e-12);
    assertEquals(column, turned.column().at(row, column), 1e-12);
    Resample moved = new Geometry(false, 4, 0.97, 5, -8).resample(size.height, size.width);
    assertEquals(row, moved.row().at(row + 5, column - 8), 1e-12);
    assertEquals(column, moved.column().at(row + 5, column - 8), 1e-12);
  }
}
