package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.List;
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

  private static final class Several extends Module {
    final Parameter a = parameter("a", TensorSpec.of(DType.F32, 3), Init.constant(1));
    final Parameter b = parameter("b", TensorSpec.of(DType.C64, 2), Init.constant(1));
    final Parameter c = parameter("c", TensorSpec.of(DType.F32), Init.constant(1));
  }

  /**
   * All parameters go into one op, each with its own gradient and moments; a frozen one does not.
   */
  @Test
  void aStepIsOneOp() {
    try (Device device = Device.open("ref");
        Several model = new Several()) {
      model.b.freeze();
      model.place(device, Philox.of(0, "init"));
      try (Adam adam = new Adam(model.parameters(), Adam.Config.adam(0, 0));
          Gradients gradients = new Gradients()) {
        Scope.run(() -> {
          gradients.complete(model.c, device.scalar(-5));
          gradients.complete(model.a, device.tensor(model.a.spec(), 1, 2, -3));
        });
        List<List<TensorSpec>> steps = new ArrayList<>();
        device.listen((op, inputs, outputs, where) -> steps.add(inputs));
        adam.step(gradients, 0.25);
        TensorSpec a = model.a.spec();
        TensorSpec c = model.c.spec();
        assertEquals(List.of(List.of(a, a, a, a, c, c, c, c)), steps);
        // Without memory a step is the rate times the sign of the gradient.
        assertArrayEquals(new double[] {0.75, 0.75, 1.25}, model.a.value().toDoubles(), 1e-6);
        assertEquals(1.25, model.c.value().item(), 1e-6);
        assertArrayEquals(new double[] {1, 2, -3}, adam.state().get("a.m").toDoubles());
        assertArrayEquals(new double[] {25}, adam.state().get("c.v").toDoubles());
      }
    }
  }

  @Test
  void thereMayBeNothingToTrain() {
    try (Device device = Device.open("ref");
        One model = new One()) {
      model.p.freeze();
      model.place(device, Philox.of(0, "init"));
      try (Adam adam = new Adam(model.parameters(), Adam.Config.adam(0.9, 0.999));
          Gradients none = new Gradients()) {
        adam.step(none, 1);
        assertEquals(1, adam.steps());
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
