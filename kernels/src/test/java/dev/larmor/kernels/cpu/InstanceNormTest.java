package dev.larmor.kernels.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.InstanceNormAct;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Large samples, and values far from zero, against two passes in double precision. */
class InstanceNormTest {
  private static final int POSITIONS = 211 * 149;

  @ParameterizedTest
  @CsvSource({"1, 0", "2, 1e4", "3, -1e4", "17, 1e4", "32, 1e4", "64, 0"})
  void agreesWithTwoPasses(int channels, double mean) {
    float[] values = new float[2 * channels * POSITIONS];
    Philox noise = Philox.of(7, "noise");
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + noise.normal(i));
    }
    try (Device device = Device.open("cpu")) {
      Scope.run(() -> {
        Tensor x = device.tensor(TensorSpec.of(DType.F32, 2, channels, 211, 149), values);
        Tensor[] result = new InstanceNormAct(1e-5f, 0.2f).applyAll(x);
        float[] y = result[0].toFloats();
        float[] rstd = result[1].toFloats();
        for (int plane = 0; plane < rstd.length; plane++) {
          check(values, y, plane * POSITIONS, rstd[plane]);
        }
      });
    }
  }

  private static void check(float[] x, float[] y, int first, float rstd) {
    double mean = 0;
    for (int i = first; i < first + POSITIONS; i++) {
      mean += x[i] / (double) POSITIONS;
    }
    double variance = 0;
    for (int i = first; i < first + POSITIONS; i++) {
      variance += (x[i] - mean) * (x[i] - mean) / POSITIONS;
    }
    double expected = 1 / Math.sqrt(variance + 1e-5f);
    assertEquals(expected, rstd, 1e-6 * expected);
    for (int i = first; i < first + POSITIONS; i++) {
      double normal = (x[i] - mean) * expected;
      assertEquals(normal >= 0 ? normal : 0.2f * normal, y[i], 5e-6);
    }
  }
}
