package dev.larmor.engine;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that ends with more device memory held than it began with, or with a device of its
 * own still open; and a test class likewise, for what its set-up opened.
 *
 * <p>Registered for every test of every module: {@code META-INF/services} here, and this module's
 * test classes on the others' test class path (parent pom). A test that needs no devices does not
 * notice.
 */
public final class LeakCheck
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(LeakCheck.class);

  @Override
  public void beforeAll(ExtensionContext context) {
    remember(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    remember(context);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    compare(context);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    compare(context);
  }

  private static void remember(ExtensionContext context) {
    Map<Device, Long> live = new HashMap<>();
    for (Device device : Device.opened()) {
      live.put(device, device.ledger().live());
    }
    context.getStore(NAMESPACE).put("live", live);
  }

  private static void compare(ExtensionContext context) {
    Map<?, ?> before = context.getStore(NAMESPACE).get("live", Map.class);
    for (Device device : Device.opened()) {
      Object live = before.get(device);
      if (live == null) {
        throw new AssertionError("leak: device " + device.name() + " was not closed");
      }
      if ((Long) live != device.ledger().live()) {
        throw new AssertionError(
            "leak: device "
                + device.name()
                + " held "
                + live
                + " bytes before and now: "
                + device.ledger().bill());
      }
    }
  }
}
