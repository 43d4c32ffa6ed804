package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adam against the formulas of the papers, computed here in double. */
class AdamTest {
  private static final class One extends Module {
    final Parameter p = parameter("p", TensorSpec.of(DType.F32, 5), Init.constant(0.5));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stepsFollowTheFormulas(boolean decoupled) {
    double b1 = 0.2;
    double b2 = 0.999;
    double decay = 0.1;
    double rate = 0.01;
    double[] p = {0.5, 0.5, 0.5, 0.5, 0.5};
    double[] m = new double[5];
    double[] v = new double[5];
    try (Device device = Device.open(System.getProperty("larmor.device", "cpu"));
        One model = new One()) {
      model.place(device, Philox.of(0, "init"));
      try (Adam adam =
              new Adam(model.parameters(), new Adam.Config(b1, b2, 1e-8, decay, decoupled));
          Gradients gradients = new Gradients()) {
        for (int step = 1; step <= 4; step++) {
          float[] g = {1, -2, 0, 0.5f * step, -1e-3f};
          Scope.run(() -> {
            Tensor gradient = device.tensor(model.p.spec(), g);
            gradients.complete(model.p, gradient);
          });
          adam.step(gradients, rate);
          gradients.clear();
          for (int i = 0; i < p.length; i++) {
            double grad = g[i] + (decoupled ? 0 : decay * p[i]);
            p[i] *= decoupled ? 1 - rate * decay : 1;
            m[i] = b1 * m[i] + (1 - b1) * grad;
            v[i] = b2 * v[i] + (1 - b2) * grad * grad;
            double denominator = Math.sqrt(v[i]) / Math.sqrt(1 - Math.pow(b2, step)) + 1e-8;
            p[i] -= rate / (1 - Math.pow(b1, step)) * m[i] / denominator;
          }
        }
        float[] got = model.p.value().toFloats();
        for (int i = 0; i < p.length; i++) {
          assertEquals(p[i], got[i], 2e-6, "element " + i);
        }
        assertEquals(4, adam.steps());
      }
    }
  }

  @Test
  void aMissingGradientIsNamed() {
    try (Device device = Device.open("ref");
        One model = new One()) {
      model.place(device, Philox.of(0, "init"));
      try (Adam adam = new Adam(model.parameters(), Adam.Config.adamW(0.9, 0.999, 0));
          Gradients none = new Gradients()) {
        IllegalStateException e =
            assertThrows(IllegalStateException.class, () -> adam.step(none, 1));
        assertEquals("no gradient for p: freeze it if it is not to be trained", e.getMessage());
        assertEquals(0, adam.steps());
      }
    }
  }
}
