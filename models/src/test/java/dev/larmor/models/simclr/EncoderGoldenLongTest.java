package dev.larmor.models.simclr;

import dev.larmor.engine.Device;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The published network at its full size, on two images of 64³, against the original's values. */
@Tag("long")
final class EncoderGoldenLongTest {
  @Test
  void outputLossAndGradients() {
    int voxels = 64 * 64 * 64;
    try (Device device = Device.open(System.getProperty("larmor.device", "cpu"));
        SimClrCase c =
            new SimClrCase(
                "encoder_forward",
                SimClr.Config.DEFAULT,
                device,
                2,
                64,
                SimClrCase.values(1000, 2 * voxels),
                SimClrCase.values(1001, 2 * voxels))) {
      c.checkStages(1e-5);
      // Weights disturbed by 6e-8, a rounding, move single gradients by 2e-5 of all together.
      c.checkGradients(1e-4, 2e-5);
    }
  }

  /** In double precision nothing is left to rounding. */
  @Test
  void theSmallNetworkExactly() {
    try (Device device = Device.open("ref");
        SimClrCase c = SimClrGoldenTest.mini(device)) {
      c.checkStages(1e-9);
      c.checkGradients(1e-7, 1e-9);
    }
  }
}
