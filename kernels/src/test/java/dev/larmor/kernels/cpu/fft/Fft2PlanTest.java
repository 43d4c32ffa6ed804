package dev.larmor.kernels.cpu.fft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The two-dimensional transform against its definition in double precision. */
class Fft2PlanTest {
  /** Complex images are arrays re, im, re, im, … row after row. */
  private static float[] randomImage(int height, int width, long seed) {
    Random random = new Random(seed);
    float[] image = new float[2 * height * width];
    for (int i = 0; i < image.length; i++) {
      image[i] = (float) random.nextGaussian();
    }
    return image;
  }

  private static float[] transform(
      float[] image, int height, int width, boolean inverse, boolean centred) {
    Fft2Plan plan = Fft2Plan.of(height, width);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_FLOAT, image);
      MemorySegment out = arena.allocate(plan.imageBytes(), 4);
      plan.transform(in, 0, out, 0, inverse, centred, arena.allocate(plan.scratchBytes(), 64));
      assertArrayEquals(image, in.toArray(ValueLayout.JAVA_FLOAT), "the input is left alone");
      return out.toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  /** The definition, one dimension after the other, in double precision. */
  private static double[] definition(
      float[] image, int height, int width, boolean inverse, boolean centred) {
    double[] x = new double[image.length];
    for (int i = 0; i < image.length; i++) {
      x[i] = image[i];
    }
    if (centred) {
      x = shifted(x, height, width, (height + 1) / 2, (width + 1) / 2); // ifftshift
    }
    double[] y = new double[x.length];
    for (int row = 0; row < height; row++) {
      lineDft(x, y, 2 * row * width, 2, width, inverse);
    }
    double[] z = new double[x.length];
    for (int column = 0; column < width; column++) {
      lineDft(y, z, 2 * column, 2 * width, height, inverse);
    }
    return centred ? shifted(z, height, width, height / 2, width / 2) : z; // fftshift
  }

  /** numpy.roll by (down, right). */
  private static double[] shifted(double[] image, int height, int width, int down, int right) {
    double[] result = new double[image.length];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int to = 2 * ((y + down) % height * width + (x + right) % width);
        result[to] = image[2 * (y * width + x)];
        result[to + 1] = image[2 * (y * width + x) + 1];
      }
    }
    return result;
  }

  private static void lineDft(
      double[] x, double[] y, int start, int step, int length, boolean inverse) {
    double[] cos = new double[length];
    double[] sin = new double[length];
    for (int i = 0; i < length; i++) {
      cos[i] = Math.cos(2 * Math.PI * i / length);
      sin[i] = (inverse ? 1 : -1) * Math.sin(2 * Math.PI * i / length);
    }
    double scale = 1 / Math.sqrt(length);
    for (int k = 0; k < length; k++) {
      double re = 0;
      double im = 0;
      for (int n = 0; n < length; n++) {
        int turn = (int) ((long) n * k % length);
        double a = x[start + n * step];
        double b = x[start + n * step + 1];
        re += a * cos[turn] - b * sin[turn];
        im += a * sin[turn] + b * cos[turn];
      }
      y[start + k * step] = re * scale;
      y[start + k * step + 1] = im * scale;
    }
  }

  private static double relativeError(float[] actual, double[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
      norm += expected[i] * expected[i];
    }
    return Math.sqrt(difference / norm);
  }

  /** Twice the error of one rounding per doubling of the size; ten times below the requirement. */
  private static double tolerance(int height, int width) {
    return 1.2e-7 * (1 + Math.log((double) height * width) / Math.log(2));
  }

  private static void checkDefinition(int height, int width) {
    float[] image = randomImage(height, width, 31L * height + width);
    for (boolean inverse : new boolean[] {false, true}) {
      for (boolean centred : new boolean[] {false, true}) {
        double error =
            relativeError(
                transform(image, height, width, inverse, centred),
                definition(image, height, width, inverse, centred));
        assertTrue(
            error <= tolerance(height, width),
            height
                + " x "
                + width
                + (inverse ? " inverse" : " forward")
                + (centred ? " centred" : "")
                + ": relative error "
                + error);
      }
    }
  }

  @ParameterizedTest
  @MethodSource
  void everyLengthAsRowAndAsColumn(int length) {
    checkDefinition(length, 5);
    checkDefinition(5, length);
  }

  static IntStream everyLengthAsRowAndAsColumn() {
    IntStream small = IntStream.rangeClosed(1, 64);
    IntStream primes =
        IntStream.of(
            67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 149, 211, 997);
    IntStream composite =
        IntStream.of(
            121, 125, 128, 202, 243, 256, 320, 343, 368, 372, 384, 396, 448, 529, 640, 768,
            1009 * 2, 1024, 1331, 2048, 2310, 3125, 4096);
    return IntStream.concat(IntStream.concat(small, primes), composite);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "2, 3",
    "15, 17",
    "16, 16",
    "17, 15",
    "31, 33",
    "32, 48",
    "40, 372",
    "92, 64",
    "101, 139",
    "127, 20",
    "36, 396",
    "640, 23",
    "33, 368",
    "128, 92"
  })
  void rectangles(int height, int width) {
    checkDefinition(height, width);
  }

  static Stream<int[]> shapes() {
    return Stream.of(new int[] {48, 46}, new int[] {33, 37}, new int[] {137, 24}, new int[] {5, 3});
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void linear(int[] shape) {
    int height = shape[0];
    int width = shape[1];
    float[] x = randomImage(height, width, 1);
    float[] y = randomImage(height, width, 2);
    float[] sum = new float[x.length];
    for (int i = 0; i < sum.length; i++) {
      sum[i] = 2 * x[i] - 3 * y[i];
    }
    float[] fx = transform(x, height, width, false, true);
    float[] fy = transform(y, height, width, false, true);
    double[] expected = new double[x.length];
    for (int i = 0; i < sum.length; i++) {
      expected[i] = 2.0 * fx[i] - 3.0 * fy[i];
    }
    double error = relativeError(transform(sum, height, width, false, true), expected);
    assertTrue(error <= 2 * tolerance(height, width), "relative error " + error);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void inverseUndoesForwardAndKeepsEnergy(int[] shape) {
    int height = shape[0];
    int width = shape[1];
    float[] x = randomImage(height, width, 3);
    double[] expected = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      expected[i] = x[i];
    }
    for (boolean centred : new boolean[] {false, true}) {
      float[] spectrum = transform(x, height, width, false, centred);
      assertEquals(1, dot(spectrum, spectrum)[0] / dot(x, x)[0], 1e-6);
      double error = relativeError(transform(spectrum, height, width, true, centred), expected);
      assertTrue(error <= 2 * tolerance(height, width), "relative error " + error);
    }
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void inverseIsTheAdjoint(int[] shape) {
    int height = shape[0];
    int width = shape[1];
    float[] x = randomImage(height, width, 4);
    float[] y = randomImage(height, width, 5);
    for (boolean centred : new boolean[] {false, true}) {
      double[] left = dot(transform(x, height, width, false, centred), y);
      double[] right = dot(x, transform(y, height, width, true, centred));
      double size = Math.sqrt(dot(x, x)[0] * dot(y, y)[0]);
      assertEquals(left[0] / size, right[0] / size, 1e-6);
      assertEquals(left[1] / size, right[1] / size, 1e-6);
    }
  }

  /** Σ x·conj(y) as {re, im}. */
  private static double[] dot(float[] x, float[] y) {
    double re = 0;
    double im = 0;
    for (int i = 0; i < x.length; i += 2) {
      re += (double) x[i] * y[i] + (double) x[i + 1] * y[i + 1];
      im += (double) x[i + 1] * y[i] - (double) x[i] * y[i + 1];
    }
    return new double[] {re, im};
  }

  /** A centred impulse has a constant spectrum, for odd sizes as well. */
  @ParameterizedTest
  @CsvSource({"4, 6", "5, 7", "4, 7", "37, 16", "23, 31"})
  void centredImpulseIsFlat(int height, int width) {
    float[] image = new float[2 * height * width];
    image[2 * (height / 2 * width + width / 2)] = 1;
    double level = 1 / Math.sqrt((double) height * width);
    for (boolean inverse : new boolean[] {false, true}) {
      float[] spectrum = transform(image, height, width, inverse, true);
      for (int i = 0; i < spectrum.length; i += 2) {
        assertEquals(level, spectrum[i], 1e-7);
        assertEquals(0, spectrum[i + 1], 1e-7);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"48, 46, false", "33, 37, true", "64, 372, true", "7, 5, true", "20, 139, false"})
  void inPlaceAndInPartsAndWholeAgreeInEveryBit(int height, int width, boolean centred) {
    float[] image = randomImage(height, width, 6);
    Fft2Plan plan = Fft2Plan.of(height, width);
    for (boolean inverse : new boolean[] {false, true}) {
      float[] whole = transform(image, height, width, inverse, centred);
      try (Arena arena = Arena.ofConfined()) {
        // Two images in one segment, the transformed one second and at an odd place.
        long offset = plan.imageBytes() + 4;
        MemorySegment data = arena.allocate(2 * plan.imageBytes() + 8, 64);
        data.fill((byte) 0x55);
        MemorySegment.copy(image, 0, data, ValueLayout.JAVA_FLOAT, offset, image.length);
        MemorySegment scratch = arena.allocate(plan.scratchBytes(), 64);
        scratch.fill((byte) 0xff); // not-a-numbers: whatever scratch held must not matter
        for (int group = plan.rowGroups(); group > 0; group--) {
          plan.rows(group - 1, group, data, offset, data, offset, inverse, centred, scratch);
        }
        int middle = plan.columnGroups() / 2;
        plan.columns(middle, plan.columnGroups(), data, offset, inverse, centred, scratch);
        plan.columns(0, middle, data, offset, inverse, centred, scratch);
        float[] parts = new float[image.length];
        MemorySegment.copy(data, ValueLayout.JAVA_FLOAT, offset, parts, 0, parts.length);
        assertArrayEquals(whole, parts);
        for (long i = 0; i < offset; i++) {
          assertEquals(0x55, data.get(ValueLayout.JAVA_BYTE, i), "byte before the image");
        }
        for (long i = offset + plan.imageBytes(); i < data.byteSize(); i++) {
          assertEquals(0x55, data.get(ValueLayout.JAVA_BYTE, i), "byte after the image");
        }
      }
    }
  }

  /** Both halves fused with a product: expansion of one image to coils, and its adjoint. */
  @ParameterizedTest
  @MethodSource("shapes")
  void productsOnTheWayInAndOut(int[] shape) {
    int height = shape[0];
    int width = shape[1];
    int coils = 3;
    float[] image = randomImage(height, width, 8);
    float[][] maps = new float[coils][];
    float[][] kSpace = new float[coils][];
    for (int c = 0; c < coils; c++) {
      maps[c] = randomImage(height, width, 9 + c);
      kSpace[c] = randomImage(height, width, 20 + c);
    }
    Fft2Plan plan = Fft2Plan.of(height, width);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment scratch = arena.allocate(plan.scratchBytes(), 64);
      MemorySegment x = arena.allocateFrom(ValueLayout.JAVA_FLOAT, image);
      MemorySegment sum = arena.allocate(plan.imageBytes(), 4);
      double[] expectedSum = new double[image.length];
      for (int c = 0; c < coils; c++) {
        MemorySegment s = arena.allocateFrom(ValueLayout.JAVA_FLOAT, maps[c]);
        MemorySegment out = arena.allocate(plan.imageBytes(), 4);

        plan.rowsOfProduct(0, plan.rowGroups(), s, 0, x, 0, out, 0, false, true, scratch);
        plan.columns(0, plan.columnGroups(), out, 0, false, true, scratch);
        float[] product = product(maps[c], image, 1);
        double[] expected = definition(product, height, width, false, true);
        double error = relativeError(out.toArray(ValueLayout.JAVA_FLOAT), expected);
        assertTrue(error <= 2 * tolerance(height, width), "expand: relative error " + error);

        MemorySegment k = arena.allocateFrom(ValueLayout.JAVA_FLOAT, kSpace[c]);
        plan.rows(0, plan.rowGroups(), k, 0, out, 0, true, true, scratch);
        plan.columnsTimesConjugate(
            0, plan.columnGroups(), out, 0, s, 0, sum, 0, c > 0, true, true, scratch);
        float[] coil = transform(kSpace[c], height, width, true, true);
        float[] term = product(coil, maps[c], -1);
        for (int i = 0; i < term.length; i++) {
          expectedSum[i] += term[i];
        }

        plan.columnsTimesConjugate(
            0, plan.columnGroups(), out, 0, x, 0, out, 0, false, true, true, scratch);
        float[] weighted = product(coil, image, -1);
        double[] gradient = new double[weighted.length];
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] = weighted[i];
        }
        error = relativeError(out.toArray(ValueLayout.JAVA_FLOAT), gradient);
        assertTrue(error <= 1e-6, "gradient: relative error " + error);
      }
      double error = relativeError(sum.toArray(ValueLayout.JAVA_FLOAT), expectedSum);
      assertTrue(error <= 1e-6, "reduce: relative error " + error);
    }
  }

  /** a·b, or a·conj(b) if sign is -1. */
  private static float[] product(float[] a, float[] b, int sign) {
    float[] product = new float[a.length];
    for (int i = 0; i < a.length; i += 2) {
      product[i] = a[i] * b[i] - sign * a[i + 1] * b[i + 1];
      product[i + 1] = sign * a[i] * b[i + 1] + a[i + 1] * b[i];
    }
    return product;
  }

  @Test
  void plansAreSharedByManyThreads() {
    float[] image = randomImage(60, 92, 7);
    float[] expected = transform(image, 60, 92, false, true);
    assertTrue(
        IntStream.range(0, 64)
            .parallel()
            .allMatch(i -> Arrays.equals(expected, transform(image, 60, 92, false, true))));
  }

  @Test
  void badArgumentsAreNamed() {
    assertMessage("[fft2] height 0 or width 3 is not within 1 to 1048576", () -> Fft2Plan.of(0, 3));
    Fft2Plan plan = Fft2Plan.of(4, 3);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment image = arena.allocate(96, 8);
      MemorySegment scratch = arena.allocate(plan.scratchBytes(), 64);
      assertMessage(
          "[fft2] input segment of 95 bytes has no room at offset 0 for 96 bytes (images of 4 x 3)",
          () -> plan.transform(image.asSlice(0, 95), 0, image, 0, false, false, scratch));
      assertMessage(
          "[fft2] output segment of 96 bytes has no room at offset 8 for 96 bytes (images of 4 x 3)",
          () -> plan.transform(image, 0, image, 8, false, false, scratch));
      assertMessage(
          "[fft2] input segment is not native memory",
          () ->
              plan.transform(
                  MemorySegment.ofArray(new float[24]), 0, image, 0, false, false, scratch));
      MemorySegment freed;
      try (Arena shorter = Arena.ofConfined()) {
        freed = shorter.allocate(96, 8);
      }
      assertMessage(
          "[fft2] input segment is freed",
          () -> plan.transform(freed, 0, image, 0, false, false, scratch));
      assertMessage(
          "[fft2] output segment is read-only",
          () -> plan.transform(image, 0, image.asReadOnly(), 0, false, false, scratch));
      assertMessage(
          "[fft2] scratch segment of "
              + (plan.scratchBytes() - 1)
              + " bytes has no room at offset 0 for "
              + plan.scratchBytes()
              + " bytes (images of 4 x 3)",
          () ->
              plan.transform(
                  image, 0, image, 0, false, false, scratch.asSlice(0, plan.scratchBytes() - 1)));
      assertMessage(
          "[fft2] scratch address is not a multiple of 64 bytes",
          () ->
              plan.transform(
                  image, 0, image, 0, false, false, arena.allocate(8192, 64).asSlice(4)));
      assertMessage(
          "[fft2] row groups 0 to 2 are not within 0 to 1",
          () -> plan.rows(0, 2, image, 0, image, 0, false, false, scratch));
    }
  }

  private static void assertMessage(String message, Runnable action) {
    assertEquals(message, assertThrows(RuntimeException.class, action::run).getMessage());
  }
}
