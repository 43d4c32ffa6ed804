package dev.larmor.kernels.cpu;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;

/** Opens {@code cpu}. */
public final class CpuProvider implements BackendProvider {
  @Override
  public String devices() {
    return "cpu";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("cpu");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    return new CpuBackend(config.threads());
  }
}
