package dev.larmor.models.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.loss.AnatomicalRegion;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QualityTest {
  private static final int H = 56;
  private static final int W = 51;

  private static double[] noise(String name, double scale) {
    Philox stream = Philox.of(1, name);
    double[] values = new double[2 * H * W];
    Arrays.setAll(values, i -> scale * (1 + stream.uniform(i)));
    return values;
  }

  /** scikit-image's definition, window by window: sample covariance, means over whole windows. */
  private static double structuralSimilarity(double[] x, double[] y, int slice, double range) {
    double c1 = Math.pow(0.01 * range, 2);
    double c2 = Math.pow(0.03 * range, 2);
    double total = 0;
    for (int h = 3; h < H - 3; h++) {
      for (int w = 3; w < W - 3; w++) {
        double mx = 0;
        double my = 0;
        for (int i = 0; i < 49; i++) {
          int at = slice * H * W + (h - 3 + i / 7) * W + w - 3 + i % 7;
          mx += x[at] / 49;
          my += y[at] / 49;
        }
        double vx = 0;
        double vy = 0;
        double vxy = 0;
        for (int i = 0; i < 49; i++) {
          int at = slice * H * W + (h - 3 + i / 7) * W + w - 3 + i % 7;
          vx += (x[at] - mx) * (x[at] - mx) / 48;
          vy += (y[at] - my) * (y[at] - my) / 48;
          vxy += (x[at] - mx) * (y[at] - my) / 48;
        }
        total += (2 * mx * my + c1) * (2 * vxy + c2) / ((mx * mx + my * my + c1) * (vx + vy + c2));
      }
    }
    return total / ((H - 6) * (W - 6));
  }

  @Test
  void likeScikitImage() {
    double[] x = noise("x", 1);
    double[] y = noise("y", 1.5);
    try (Device device = Device.open("ref")) {
      Scope.run(() -> {
        TensorSpec spec = TensorSpec.of(DType.F32, 2, H, W);
        Tensor a = device.fromDoubles(spec, x);
        Tensor b = device.fromDoubles(spec, y);
        assertArrayEquals(
            new double[] {structuralSimilarity(x, y, 0, 2.9), structuralSimilarity(x, y, 1, 2.9)},
            StructuralSimilarity.perSlice(a, b, 2.9),
            1e-12);
      });
    }
  }

  /** A disc of tissue in air; elsewhere, images may differ as they like. */
  private static double[] disc() {
    double[] y = noise("y", 1);
    for (int i = 0; i < y.length; i++) {
      int h = i % (H * W) / W - H / 2;
      int w = i % W - W / 2;
      y[i] *= h * h + w * w < 50 ? 1 : 1e-6;
    }
    return y;
  }

  private static double[] masked(double[] image, double[] mask) {
    double[] product = new double[H * W];
    Arrays.setAll(product, i -> image[i] * mask[i]);
    return product;
  }

  /** The definitions, term by term, over the pixels of the region alone. */
  @ParameterizedTest
  @ValueSource(strings = {"ref", "under test"})
  void insideTheRegion(String name) {
    double[] x = Arrays.copyOf(noise("x", 1), H * W);
    double[] y = Arrays.copyOf(disc(), H * W);
    double range = 2.3;
    try (Device device = open(name)) {
      Scope.run(() -> {
        TensorSpec spec = TensorSpec.of(DType.F32, 1, H, W);
        Tensor target = device.fromDoubles(spec, y);
        AnatomicalRegion region = AnatomicalRegion.of(target, Anatomy.BRAIN);
        Quality quality = Quality.of(device.fromDoubles(spec, x), target, region, range);

        double[] mask = region.mask().toDoubles();
        double pixels = 0;
        double error = 0;
        double energy = 0;
        for (int i = 0; i < H * W; i++) {
          if (mask[i] == 1) {
            pixels++;
            error += Math.pow(x[i] - y[i], 2);
            energy += Math.pow(y[i], 2);
          }
        }
        assertTrue(pixels > 50 && pixels < 0.7 * H * W, pixels + " pixels");
        double ssim = structuralSimilarity(masked(x, mask), masked(y, mask), 0, range);
        assertEquals(ssim, quality.ssim(), 1e-5);
        assertEquals(error / energy, quality.nmse(), 1e-5 * error / energy);
        double rms = Math.sqrt(error / pixels);
        assertEquals(20 * Math.log10(range / rms), quality.psnr(), 1e-4);
        assertTrue(quality.showsAnatomy());
      });
    }
  }

  private static Device open(String name) {
    return Device.open(name.equals("ref") ? name : System.getProperty("larmor.device", "cpu"));
  }

  private static Quality quality(double[] x, double[] y) {
    try (Device device = open("under test")) {
      return Scope.run(() -> {
        TensorSpec spec = TensorSpec.of(DType.F32, 1, H, W);
        Tensor target = device.fromDoubles(spec, Arrays.copyOf(y, H * W));
        AnatomicalRegion region = AnatomicalRegion.of(target, Anatomy.KNEE);
        Tensor image = device.fromDoubles(spec, Arrays.copyOf(x, H * W));
        return Quality.of(image, target, region, 2);
      });
    }
  }

  /** An empty region: nothing to get wrong, and nothing that PSNR or NMSE could be of. */
  @Test
  void noAnatomy() {
    double[] air = new double[H * W];
    Arrays.fill(air, 1e-6);
    for (double[] target : new double[][] {air, new double[H * W]}) {
      Quality quality = quality(noise("x", 1), target);
      assertEquals(1, quality.ssim(), 1e-6);
      assertFalse(quality.showsAnatomy());
      assertTrue(Double.isNaN(quality.psnr()) && Double.isNaN(quality.nmse()), quality.toString());
      assertEquals("-", Figure.PSNR.text(quality.psnr()));
    }
  }

  @Test
  void aPerfectImage() {
    Quality quality = quality(disc(), disc());
    assertEquals(new Quality(quality.ssim(), Double.POSITIVE_INFINITY, 0), quality);
    assertEquals(1, quality.ssim(), 1e-6);
    assertEquals("inf", Figure.PSNR.text(quality.psnr()));
    assertEquals("0.00000", Figure.NMSE.text(quality.nmse()));
  }
}
