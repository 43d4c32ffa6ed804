package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.op.Uniform;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NoiseTest {
  @BeforeEach
  void needsACompiler() {
    assumeTrue(HostCompiler.isThere());
  }

  /** A mask or an initial weight is the same wherever it is drawn. */
  @ParameterizedTest
  @EnumSource(names = {"FP32", "TF32"}) // in both layouts
  void cardAndProcessorDrawTheSameBits(Precision precision) {
    for (Shape shape :
        new Shape[] {Shape.of(1001), Shape.of(2, 3, 5, 7), Shape.of(1, 4, 2, 3, 5)}) {
      Uniform op = new Uniform(Philox.of(5, "bits").with(9), shape, -0.3f, 0.7f);
      assertArrayEquals(drawn(op, "cpu", Precision.FP32), drawn(op, "emulated", precision));
    }
  }

  private static double[] drawn(Uniform op, String name, Precision precision) {
    DeviceConfig config = DeviceConfig.DEFAULT.withPrecision(precision);
    try (Device device = Device.open(name, config)) {
      return Scope.run(() -> op.on(device).toDoubles());
    }
  }
}
