package dev.larmor.kernels.ref;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;

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
    return new RefBackend();
  }
}
