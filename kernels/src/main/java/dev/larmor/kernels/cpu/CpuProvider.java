package dev.larmor.kernels.cpu;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;

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
    return backend(config);
  }

  static CpuBackend backend(DeviceConfig config) {
    if (config.precision() == Precision.TF32) {
      throw new DeviceException("the cpu has no TF32: use fp32 or bf16");
    }
    return new CpuBackend(config.threads());
  }
}
