package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.models.resenc.ResidualEncoder;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * A small network of the published topology against the original's values: outputs of every stage,
 * loss, the gradient's norm of every parameter, and five steps of training.
 */
final class SimClrGoldenTest {
  private static final SimClr.Config MINI =
      new SimClr.Config(
          new ResidualEncoder.Config(
              1, List.of(4, 8, 16, 32, 40, 40), List.of(1, 2, 1, 1, 1, 1), Precision.FP32),
          32,
          32);

  private static final int BATCH = 3;

  static SimClrCase mini(Device device) {
    double[] first = SimClrCase.enlarged(SimClrCase.values(1000, BATCH * 8 * 8 * 8), BATCH, 8, 64);
    double[] second = SimClrCase.enlarged(SimClrCase.values(1001, BATCH * 8 * 8 * 8), BATCH, 8, 64);
    return new SimClrCase("mini_forward", MINI, device, BATCH, 64, first, second);
  }

  private static Device device() {
    return Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @Test
  void forward() {
    try (Device device = device();
        SimClrCase c = mini(device)) {
      assertEquals(231_632, c.network.parameterCount());
      c.checkStages(1e-5);
      Scope.run(() -> {
        Tensor z1 = c.network.apply(c.first);
        Tensor z2 = c.network.apply(c.second);
        c.checkRows("z1", z1, 1e-5);
        c.checkRows("z2", z2, 1e-5);
        NtXent.Batch batch = NtXent.DEFAULT.loss(z1, z2);
        assertEquals(c.number("loss"), batch.loss().item(), 1e-5 * c.number("loss"));
        assertEquals(c.number("acc"), batch.accuracy(), 1e-6);
      });
    }
  }

  @Test
  void gradientOfEveryParameter() {
    try (Device device = device();
        SimClrCase c = mini(device)) {
      c.checkGradients(1e-4, 1e-6);
      c.checkRecomputing();
    }
  }

  /**
   * Adam at 3e-4, the gradient's norm bound to 0.1. From the second step on the losses agree less
   * closely: Adam makes whole steps of gradients that are rounding errors, as those of biases that
   * a norm takes away.
   */
  @Test
  void training() {
    double[] losses = new double[6];
    try (Device device = device();
        SimClrCase c = mini(device);
        Adam adam = new Adam(c.network.parameters(), Adam.Config.adam(0.9, 0.999))) {
      for (int step = 0; step < losses.length; step++) {
        int s = step;
        try (Tape tape = new Tape(c.network.parameters(), Recompute.NEVER);
            Gradients gradients = new Gradients()) {
          Scope.run(() -> {
            Tensor loss = tape.record(c::loss);
            losses[s] = loss.item();
            tape.backward(loss, 1, gradients);
          });
          gradients.clip(0.1);
          adam.step(gradients, 3e-4);
        }
      }
      double[] expected = c.numbers("loss_trace_adam_lr3e-4_clip0.1");
      for (int step = 0; step < losses.length; step++) {
        double tolerance = step < 2 ? 2e-5 : 2e-3;
        assertEquals(expected[step], losses[step], tolerance * expected[step], "step " + step);
      }
    }
  }

  @Test
  void thePublishedNetworksSize() {
    ResidualEncoder.Config encoder = ResidualEncoder.Config.RES_ENC_L;
    assertEquals(90_296_576, new ResidualEncoder(encoder).parameterCount());
    assertEquals(224, new ResidualEncoder(encoder).parameters().size());
    assertEquals(90_296_576 + 352_768, new SimClr(SimClr.Config.DEFAULT).parameterCount());
    assertEquals(228, new SimClr(SimClr.Config.DEFAULT).parameters().size());
    assertEquals(1120, encoder.totalFeatures());
    assertEquals(32, encoder.reduction());
  }
}
