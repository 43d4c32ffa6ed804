package dev.larmor.models.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Cases computed by hand: of two constant images a and b the SSIM is (2ab + c)/(a² + b² + c), c =
 * (0.01·range)². The original's own values are checked by the golden tests.
 */
class CriterionTest {
  private static final int SIZE = 64;
  private static final double A = 0.6;
  private static final double B = 1;
  private static final double DISSIMILARITY = 1 - (2 * A * B + 1e-4) / (A * A + B * B + 1e-4);

  private Device device;

  @BeforeEach
  void open() {
    device = Device.open("ref");
  }

  @AfterEach
  void close() {
    device.close();
  }

  /** A batch of images of {@code SIZE}². */
  private Tensor batch(double[]... images) {
    double[] all = new double[images.length * SIZE * SIZE];
    for (int b = 0; b < images.length; b++) {
      System.arraycopy(images[b], 0, all, b * SIZE * SIZE, SIZE * SIZE);
    }
    return device.fromDoubles(TensorSpec.of(DType.F32, images.length, SIZE, SIZE), all);
  }

  private static double[] constant(double value) {
    double[] image = new double[SIZE * SIZE];
    Arrays.fill(image, value);
    return image;
  }

  /** 1 in a square of 20 x 20 in the middle: the anatomical region is just this square. */
  private static double[] square() {
    double[] image = new double[SIZE * SIZE];
    for (int h = 22; h < 42; h++) {
      Arrays.fill(image, h * SIZE + 22, h * SIZE + 42, 1);
    }
    return image;
  }

  private static SliceContext slice(int index, int slices) {
    return new SliceContext(1, Anatomy.BRAIN, index, slices);
  }

  private double loss(Criterion criterion, Tensor x, Tensor y, SliceContext... slices) {
    return criterion.loss(x, y, List.of(slices)).item();
  }

  @Test
  void constantImages() {
    Scope.run(() -> {
      Tensor x = batch(constant(A));
      Tensor y = batch(constant(B));
      SliceContext s = slice(3, 7);
      double l1 = B - A;
      assertEquals(DISSIMILARITY, loss(Criterion.SSIM, x, y, s), 1e-12);
      assertEquals(0.8 * DISSIMILARITY + 0.2 * l1, loss(Criterion.SSIM_L1, x, y, s), 1e-12);
      assertEquals(DISSIMILARITY, loss(Criterion.ANATOMICAL_SSIM, x, y, s), 1e-12);
      assertEquals(
          0.9 * DISSIMILARITY + 0.1 * l1, loss(Criterion.ANATOMICAL_SSIM_L1, x, y, s), 1e-12);
    });
  }

  @Test
  void airIsLeftOut() {
    Scope.run(() -> {
      double[] noisy = square();
      noisy[10 * SIZE + 10] = 0.5;
      Tensor x = batch(noisy);
      Tensor y = batch(square());
      assertEquals(0, loss(Criterion.ANATOMICAL_SSIM_L1, x, y, slice(0, 1)), 1e-12);
      assertTrue(loss(Criterion.SSIM, x, y, slice(0, 1)) > 1e-3);
    });
  }

  @Test
  void weightedByIndex() {
    Scope.run(() -> {
      Tensor x = batch(constant(A));
      Tensor y = batch(constant(B));
      Criterion plain = Criterion.INDEX_BASED_ANATOMICAL_SSIM;
      Criterion mixed = Criterion.INDEX_BASED_ANATOMICAL_SSIM_L1;
      assertEquals(DISSIMILARITY, loss(plain, x, y, slice(0, 9)), 1e-12);
      // cos²(π/4) = 1/2, cos²(π/3) = 1/4, cos²(π/6) = 3/4
      assertEquals(DISSIMILARITY / 2, loss(plain, x, y, slice(5, 10)), 1e-12);
      assertEquals(DISSIMILARITY / 4, loss(plain, x, y, slice(4, 6)), 1e-12);
      double both = 0.8 * DISSIMILARITY + 0.2 * (B - A);
      assertEquals(0.75 * both, loss(mixed, x, y, slice(2, 6)), 1e-12);
      Tensor xx = batch(constant(A), constant(A));
      Tensor yy = batch(constant(B), constant(B));
      assertEquals((0.75 + 0.25) / 2 * both, loss(mixed, xx, yy, slice(2, 6), slice(4, 6)), 1e-12);
    });
  }

  @Test
  void weightedByArea() {
    Scope.run(() -> {
      Criterion plain = Criterion.AREA_BASED_ANATOMICAL_SSIM;
      Criterion mixed = Criterion.AREA_BASED_ANATOMICAL_SSIM_L1;
      assertEquals(
          DISSIMILARITY, loss(plain, batch(constant(A)), batch(constant(B)), slice(0, 1)), 1e-12);
      // Areas 64², 20² and 0; only the first differs from its target.
      Tensor x = batch(constant(A), square(), constant(0.3));
      Tensor y = batch(constant(B), square(), constant(0));
      SliceContext[] slices = {slice(0, 3), slice(1, 3), slice(2, 3)};
      double weight = 3 * 4096.0 / (4096 + 400);
      assertEquals(weight * DISSIMILARITY / 3, loss(plain, x, y, slices), 1e-12);
      assertEquals(
          weight * (0.8 * DISSIMILARITY + 0.2 * (B - A)) / 3, loss(mixed, x, y, slices), 1e-12);
      // Nothing anywhere: equal weights, no 0/0.
      Tensor empty = batch(constant(0), constant(0));
      assertEquals(0, loss(plain, empty, empty, slice(0, 2), slice(1, 2)), 1e-12);
    });
  }

  @Test
  void sobelOfConstantImages() {
    Scope.run(() -> {
      // Beyond the image is 0: |E| is 4v along edges (weights 1, 2, 1), 3√2·v at corners.
      double edges = (4 * 4 * (SIZE - 2) + 4 * 3 * Math.sqrt(2)) / (SIZE * SIZE);
      double expected = 0.7 * DISSIMILARITY + 0.1 * (B - A) + 0.2 * edges * (B - A);
      assertEquals(
          expected,
          loss(Criterion.SOBEL, batch(constant(A)), batch(constant(B)), slice(0, 1)),
          1e-9);
    });
  }

  @Test
  void thresholdDependsOnTheAnatomy() {
    Scope.run(() -> {
      Tensor image = batch(constant(3e-5));
      assertEquals(1, AnatomicalRegion.of(image, Anatomy.KNEE).mask().toDoubles()[100]);
      assertEquals(0, AnatomicalRegion.of(image, Anatomy.BRAIN).mask().toDoubles()[100]);
    });
  }

  @Test
  void namesOfTheCommandLine() {
    for (Criterion criterion : Criterion.values()) {
      assertEquals(criterion, Criterion.named(criterion.label()));
    }
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Criterion.named("ssim"));
    assertEquals(
        "unknown criterion 'ssim', expected one of SSIM, SSIM_L1, AnatomicalSSIM,"
            + " AnatomicalSSIM_L1, IndexBasedAnatomicalSSIM, IndexBasedAnatomicalSSIM_L1,"
            + " AreaBasedAnatomicalSSIM, AreaBasedAnatomicalSSIM_L1, SobelLoss",
        e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> slice(4, 4));
    assertThrows(IllegalArgumentException.class, () -> new SliceContext(0, Anatomy.KNEE, 0, 1));
  }
}
