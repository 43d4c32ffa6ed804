package dev.larmor.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PrecisionTest {
  @Test
  void isFoundByItsLabel() {
    assertEquals(
        "[fp32, tf32, bf16, fp16]",
        Arrays.stream(Precision.values()).map(Precision::label).toList().toString());
    for (Precision precision : Precision.values()) {
      assertEquals(precision, Precision.named(precision.label()));
    }
    assertEquals(
        "unknown precision 'fp64', expected fp32, tf32, bf16 or fp16",
        assertThrows(IllegalArgumentException.class, () -> Precision.named("fp64")).getMessage());
  }

  @Test
  void aDeviceIsNotOpenedForWhatItsBackendLacks() {
    BytesOnly backend = new BytesOnly();
    DeviceConfig config = DeviceConfig.DEFAULT.withPrecision(Precision.FP16);
    assertEquals(
        "bytes does not compute in F16, which fp16 keeps feature maps in: use fp32",
        assertThrows(DeviceException.class, () -> Device.over(backend, config)).getMessage());
    assertTrue(backend.closed);
  }

  @Test
  void aConfigurationKeepsItsPrecision() {
    DeviceConfig config = DeviceConfig.DEFAULT.withPrecision(Precision.TF32);
    assertEquals(config, config.withThreads(config.threads()).withBudget(Long.MAX_VALUE));
    assertEquals(Precision.TF32, config.withCache(0).precision());
    assertEquals(Precision.FP32, DeviceConfig.DEFAULT.precision());
  }
}
