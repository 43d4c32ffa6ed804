package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradient descent against PyTorch's formulas, computed here in double. */
class SgdTest {
  private static final class Two extends Module {
    final Parameter p = parameter("p", TensorSpec.of(DType.F32, 5), Init.constant(0.5));
    final Parameter q = parameter("q", TensorSpec.of(DType.F32, 1), Init.constant(7)).freeze();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void stepsFollowTheFormulas(boolean nesterov) {
    double[] p = {0.5, 0.5, 0.5, 0.5, 0.5};
    double[] v = new double[5];
    try (Device device = Device.open(System.getProperty("larmor.device", "cpu"));
        Two model = new Two()) {
      model.place(device, Philox.of(0, "init"));
      try (Optimizer sgd = new Sgd.Config(0.9, nesterov, 0.1).over(model.parameters());
          Gradients gradients = new Gradients()) {
        for (int step = 1; step <= 4; step++) {
          float[] g = {1, -2, 0, 0.5f * step, -1e-3f};
          Scope.run(() -> gradients.complete(model.p, device.tensor(model.p.spec(), g)));
          sgd.step(gradients, 0.01);
          gradients.clear();
          for (int i = 0; i < p.length; i++) {
            double gradient = g[i] + 0.1 * p[i];
            v[i] = 0.9 * v[i] + gradient;
            p[i] -= 0.01 * (nesterov ? gradient + 0.9 * v[i] : v[i]);
          }
        }
        float[] parameter = model.p.value().toFloats();
        float[] velocity = sgd.state().get("p.v").toFloats();
        for (int i = 0; i < p.length; i++) {
          assertEquals(p[i], parameter[i], 1e-6, "element " + i);
          assertEquals(v[i], velocity[i], 1e-5, "element " + i);
        }
        assertEquals(7, model.q.value().item());
        assertEquals(1, sgd.state().size());
        assertEquals(4, sgd.steps());
      }
    }
  }

  @Test
  void mistakes() {
    assertThrows(IllegalArgumentException.class, () -> new Sgd.Config(1, true, 0));
    assertThrows(IllegalArgumentException.class, () -> new Sgd.Config(0.9, true, -1));
    try (Device device = Device.open("ref");
        Two model = new Two()) {
      model.place(device, Philox.of(0, "init"));
      try (Optimizer sgd = new Sgd.Config(0.9, true, 0).over(model.parameters());
          Gradients none = new Gradients()) {
        IllegalStateException e =
            assertThrows(IllegalStateException.class, () -> sgd.step(none, 1));
        assertEquals("no gradient for p: freeze it if it is not to be trained", e.getMessage());
      }
    }
  }

  /** The spread of He's numbers: 27·8 products into a leaky ReLU of slope 0.01. */
  @Test
  void heNormal() {
    try (Device device = Device.open("ref")) {
      Scope.run(() -> {
        TensorSpec spec = TensorSpec.of(DType.F32, 16, 8, 3, 3, 3);
        Philox stream = Philox.of(3, "weights");
        float[] values = Init.heNormal(8 * 27, 0.01).create(device, stream, spec).toFloats();
        double sum = 0;
        double squares = 0;
        for (float value : values) {
          sum += value;
          squares += value * value;
        }
        double expected = Math.sqrt(2 / (1.0001 * 216));
        assertEquals(expected, Math.sqrt(squares / values.length), 0.05 * expected);
        assertTrue(Math.abs(sum / values.length) < 0.05 * expected);
      });
    }
  }
}
