package dev.larmor.models;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Golden values on the device under test, {@code -Dlarmor.device}. */
final class GoldenDeviceTest extends GoldenTest {
  private static final String DEVICE = System.getProperty("larmor.device");

  GoldenDeviceTest() {
    super(DEVICE);
  }

  @Override
  List<String> cases() {
    return List.of("fivarnet_small", "fivarnet_attention", "varnet_small");
  }

  @Test
  void trainingRun() {
    checkTrainingRun("fivarnet_small");
  }

  @Test
  void bfloat16() {
    assumeThatTheDeviceHas(Precision.BF16);
    checkHalf("fivarnet_small", Precision.BF16, 2e-2, 0.95);
    checkHalf("varnet_small", Precision.BF16, 2e-2, 0.95);
  }

  @Test
  void float16() {
    assumeThatTheDeviceHas(Precision.FP16);
    checkHalf("fivarnet_small", Precision.FP16, 2.5e-3, 0.99);
    checkHalf("varnet_small", Precision.FP16, 2.5e-3, 0.99);
  }

  private static void assumeThatTheDeviceHas(Precision precision) {
    try (Device device = Device.open(DEVICE)) {
      assumeTrue(device.capabilities().dtypes().contains(precision.features()));
    }
  }
}
