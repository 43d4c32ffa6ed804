package dev.larmor.kernels.conformance;

import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import java.util.ServiceLoader;

/** The device that the suite checks: {@code -Dlarmor.device}, by default {@code cpu}. */
final class DeviceUnderTest {
  private DeviceUnderTest() {}

  static String name() {
    String name = System.getProperty("larmor.device", "cpu");
    // Until there is a cpu backend the suite compares ref with itself.
    return name.equals("cpu") && !exists(name) ? "ref" : name;
  }

  private static boolean exists(String name) {
    return ServiceLoader.load(BackendProvider.class).stream()
        .anyMatch(provider -> provider.get().provides(name));
  }

  static Device open() {
    return open(DeviceConfig.DEFAULT);
  }

  static Device open(DeviceConfig config) {
    return Device.open(name(), config);
  }
}
