package dev.larmor.engine;

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
   * Opens the backend.
   *
   * @throws DeviceException in one sentence why it can not be opened here, or has no TF32 where the
   *     precision asks for it; that it lacks the precision's dtype is said by {@link Device#open}
   */
  Backend open(String device, DeviceConfig config);
}
