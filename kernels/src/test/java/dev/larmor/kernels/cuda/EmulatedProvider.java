package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;

/** Opens {@code emulated}: the CUDA backend on an {@link EmulatedCard}, for tests. */
public final class EmulatedProvider implements BackendProvider {
  @Override
  public String devices() {
    return "emulated";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("emulated");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    return EmulatedCard.open(config);
  }
}
