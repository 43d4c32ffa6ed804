package dev.larmor.engine;

import java.util.Map;

/** Finds backends by name; registered with {@link java.util.ServiceLoader}. */
public interface BackendProvider {
  /**
   * What this provider opens, for the message about an unknown device: {@code "cpu"}, {@code
   * "meta[:card]"}.
   */
  String devices();

  /** Whether {@code device} is this provider's. */
  boolean provides(String device);

  /**
   * The devices of this provider that this machine may have, by the names that open them, each with
   * a line about it; empty where there is nothing to look for.
   *
   * @throws DeviceException in one sentence why there is none
   */
  default Map<String, String> found() {
    return Map.of();
  }

  /**
   * Opens the backend.
   *
   * @throws DeviceException in one sentence why it can not be opened here, or has no TF32 where the
   *     precision asks for it; that it lacks the precision's dtype is said by {@link Device#open}
   */
  Backend open(String device, DeviceConfig config);
}
