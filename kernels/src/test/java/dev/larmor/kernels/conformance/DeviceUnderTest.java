package dev.larmor.kernels.conformance;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;

/** The device that the suite checks: {@code -Dlarmor.device}, by default {@code cpu}. */
final class DeviceUnderTest {
  private DeviceUnderTest() {}

  static String name() {
    return System.getProperty("larmor.device", "cpu");
  }

  static Device open() {
    return open(DeviceConfig.DEFAULT);
  }

  static Device open(DeviceConfig config) {
    return Device.open(name(), config);
  }
}
