package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;

/**
 * Opens {@code emulated} and {@code emulated:channels-last}: the CUDA backend on {@link
 * EmulatedCuda}, for tests.
 */
public final class EmulatedProvider implements BackendProvider {
  @Override
  public String devices() {
    return "emulated[:channels-last]";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("emulated") || device.equals("emulated:channels-last");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    Precision precision = device.endsWith(":channels-last") ? Precision.TF32 : config.precision();
    return new CudaBackend(
        device, new EmulatedCuda(EmulatedCuda.CARD), config.withPrecision(precision));
  }
}
