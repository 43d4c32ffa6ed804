package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.Device;
import dev.larmor.engine.Ledger.Bill;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import java.util.HashSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A dry run books for each op and its reverse rule, byte for byte, what the device does. */
class DryRunTest {
  private static Device meta;
  private static Device device;

  @BeforeAll
  static void open() {
    device = DeviceUnderTest.open();
    meta = Device.open(device.dryRun(), device.config());
  }

  @AfterAll
  static void close() {
    device.close();
    meta.close();
  }

  static Stream<OpCase> cases() {
    return OpCases.on("cpu");
  }

  @ParameterizedTest
  @MethodSource("cases")
  void booksWhatTheDeviceBooks(OpCase c) {
    assertEquals(peak(c, device), peak(c, meta));
  }

  private static Bill peak(OpCase c, Device on) {
    on.trim();
    on.ledger().resetPeak();
    Scope.run(() -> {
      Tensor[] inputs = c.inputs(on);
      Tensor[] outputs = on.run(c.op(), inputs);
      if (c.differentiable() && c.gradients() > 0) {
        HashSet<Integer> wanted = new HashSet<>(c.wanted());
        new Backward(c.op(), inputs, outputs, c.upstream(on), wanted).run();
      }
    });
    return on.ledger().peakBill();
  }
}
