package dev.larmor.kernels.ref;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;

/** Opens {@code ref}. */
public final class RefProvider implements BackendProvider {
  @Override
  public String devices() {
    return "ref";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("ref");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    if (config.precision() == Precision.TF32) {
      throw new DeviceException("ref has no TF32, it computes in double: use fp32");
    }
    return new RefBackend();
  }
}
