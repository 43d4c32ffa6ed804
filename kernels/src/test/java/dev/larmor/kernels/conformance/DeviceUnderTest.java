package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;
import dev.larmor.kernels.cuda.EmulatedCard;

/**
 * The device that the suite checks: {@code -Dlarmor.device}, by default {@code cpu}, opened for
 * {@code -Dlarmor.precision}, by default {@code fp32}.
 */
final class DeviceUnderTest {
  private DeviceUnderTest() {}

  static String name() {
    return System.getProperty("larmor.device", "cpu");
  }

  static Device open() {
    return open(DeviceConfig.DEFAULT);
  }

  static Device open(DeviceConfig config) {
    assumeTrue(
        !name().equals("emulated") || EmulatedCard.isUsable(),
        "no C++ compiler to emulate a card with");
    Precision precision = Precision.named(System.getProperty("larmor.precision", "fp32"));
    return Device.open(name(), config.withPrecision(precision));
  }
}
