package dev.larmor.engine;

/** A device that worked failed and can not be used any more, for a reason of one sentence. */
public final class DeviceLostException extends DeviceException {
  private static final long serialVersionUID = 1L;

  public DeviceLostException(String message) {
    super(message);
  }
}
