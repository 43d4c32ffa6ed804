package org.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.GradCheck;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Sub;
import dev.larmor.engine.op.Uniform;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What a user outside this project does: an op and a layer of their own, by the public API alone.
 */
class ExtensionTest {
  private static final String DEVICE = System.getProperty("larmor.device", "cpu");

  @Test
  void theReverseRuleOfTheOpIsItsDerivative() {
    try (Device ref = Device.open("ref")) {
      double[] values = {-3, -0.5, 0, 0.5, 3, 7};
      TensorSpec spec = TensorSpec.of(DType.F32, values.length);
      double worst =
          GradCheck.worst(
              ref,
              List.of(new GradCheck.Input(spec, values)),
              x -> {
                Tensor y = new Swish().apply(x[0]);
                return new Dot().apply(y, y);
              },
              1e-5);
      assertTrue(worst < 1e-8, "relative error " + worst);
    }
  }

  @Test
  void theKernelRunsOnTheDeviceAsOnTheReference() {
    float[][] results = new float[2][];
    String[] devices = {DEVICE, "ref"};
    for (int d = 0; d < 2; d++) {
      try (Device device = Device.open(devices[d])) {
        results[d] =
            Scope.run(() -> {
              Tensor x = new Uniform(Philox.of(1, "x"), Shape.of(2, 3, 5, 7), -4, 4).on(device);
              return new Swish().apply(x).toFloats();
            });
      }
    }
    assertArrayEquals(results[1], results[0], 1e-6f);
  }

  @Test
  void theLayerTrains() {
    try (Device device = Device.open(DEVICE);
        ResidualBlock block = new ResidualBlock(4)) {
      block.place(device, Philox.of(7, "init"));
      assertEquals(144, block.parameterCount());
      try (Adam adam = new Adam(block.parameters(), Adam.Config.adam(0.9, 0.999));
          Gradients gradients = new Gradients()) {
        double first = step(device, block, adam, gradients);
        double last = first;
        for (int i = 0; i < 20; i++) {
          last = step(device, block, adam, gradients);
        }
        assertTrue(last < 0.9 * first, "loss " + first + " to " + last);
      }
    }
  }

  private static double step(Device device, ResidualBlock block, Adam adam, Gradients gradients) {
    return Scope.run(() -> {
      Tensor x = new Uniform(Philox.of(1, "x"), Shape.of(1, 4, 16, 16), -1, 1).on(device);
      Tensor target = new Uniform(Philox.of(1, "y"), Shape.of(1, 4, 16, 16), -1, 1).on(device);
      try (Tape tape = new Tape(block.parameters(), Recompute.NEVER)) {
        Tensor loss =
            tape.record(() -> {
              Tensor error = new Sub().apply(block.apply(x), target);
              return new Dot().apply(error, error);
            });
        tape.backward(loss, 1, gradients);
        adam.step(gradients, 0.03);
        gradients.clear();
        return loss.item();
      }
    });
  }

  @Test
  void theOpSaysWhatItDoesNotTake() {
    try (Device device = Device.open("ref")) {
      OpException e =
          assertThrows(
              OpException.class,
              () ->
                  Scope.run(
                      "gate",
                      () -> new Swish().apply(device.tensor(TensorSpec.of(DType.C64, 1), 1, 2))));
      assertEquals("[swish] takes one F32 tensor, got [C64[1]] (at gate)", e.getMessage());
    }
  }
}
