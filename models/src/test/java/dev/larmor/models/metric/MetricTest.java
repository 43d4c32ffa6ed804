package dev.larmor.models.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class MetricTest {
  private static final int H = 20;
  private static final int W = 17;

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
            Metric.SSIM.perSlice(a, b, 2.9, Anatomy.BRAIN),
            1e-12);
      });
    }
  }

  /** Everything outside the target's region counts as 0 on both sides. */
  @Test
  void anatomicalRegionAlone() {
    double[] x = noise("x", 1);
    double[] y = noise("y", 1);
    Arrays.fill(y, H * W, 2 * H * W, 1e-6);
    try (Device device = Device.open("ref")) {
      Scope.run(() -> {
        TensorSpec spec = TensorSpec.of(DType.F32, 2, H, W);
        double[] ssim =
            Metric.ANATOMICAL_SSIM.perSlice(
                device.fromDoubles(spec, x), device.fromDoubles(spec, y), 2, Anatomy.KNEE);
        assertEquals(structuralSimilarity(x, y, 0, 2), ssim[0], 1e-12, "anatomy everywhere");
        assertEquals(1, ssim[1], 1e-12, "no anatomy");
      });
    }
  }
}
