package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the devices that need no card can be opened for, and what they say otherwise. */
class PrecisionTest {
  @ParameterizedTest
  @CsvSource({
    "cpu, FP32",
    "cpu, BF16",
    "ref, FP32",
    "ref, BF16",
    "ref, FP16",
    "meta, FP32",
    "meta, TF32",
    "meta, BF16",
    "meta, FP16",
    "meta:cpu, BF16",
    "meta:gtx1080, FP32",
    "meta:gtx1080, FP16",
    "meta:h200, FP32",
    "meta:h200, TF32",
    "meta:h200, BF16",
    "meta:h200, FP16"
  })
  void opens(String device, Precision precision) {
    try (Device opened =
        Device.open(device, DeviceConfig.DEFAULT.withThreads(1).withPrecision(precision))) {
      assertEquals(precision, opened.config().precision());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cpu | TF32 | the cpu has no TF32: use fp32 or bf16",
        "meta:cpu | TF32 | the cpu has no TF32: use fp32 or bf16",
        "ref | TF32 | ref has no TF32, it computes in double: use fp32",
        "cpu | FP16 | cpu does not compute in F16, which fp16 keeps feature maps in: use fp32 or bf16",
        "meta:cpu | FP16 | meta:cpu does not compute in F16, which fp16 keeps feature maps in:"
            + " use fp32 or bf16",
        "meta:gtx1080 | TF32 | GeForce GTX 1080 has no TF32, which came with"
            + " compute capability 8.0: use fp32 or fp16",
        "meta:gtx1080 | BF16 | meta:gtx1080 does not compute in BF16, which bf16 keeps feature"
            + " maps in: use fp32 or fp16"
      })
  void refuses(String device, Precision precision, String sentence) {
    DeviceConfig config = DeviceConfig.DEFAULT.withThreads(1).withPrecision(precision);
    assertEquals(
        sentence,
        assertThrows(DeviceException.class, () -> Device.open(device, config)).getMessage());
  }
}
