package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;

/** Opens {@code emulated}: the CUDA backend on {@link EmulatedCuda}, for tests. */
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
    return new CudaBackend(device, new EmulatedCuda(EmulatedCuda.CARD), config);
  }

  /**
   * Whether there is a C++ compiler, which the emulation needs; a build server must have one.
   *
   * @throws IllegalStateException if it has not
   */
  public static boolean isUsable() {
    boolean there = HostCompiler.isThere();
    if (!there && System.getenv("CI") != null) {
      throw new IllegalStateException("a build server needs a C++ compiler (Debian package g++)");
    }
    return there;
  }
}
