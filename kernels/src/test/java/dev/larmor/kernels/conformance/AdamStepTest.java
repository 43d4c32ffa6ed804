package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.Cost;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many parameters in one step. */
class AdamStepTest {
  private static final int GROUP = 4;

  static Stream<OpCase> cases() {
    return OpCases.on(DeviceUnderTest.name())
        .filter(c -> c.op() instanceof AdamStep && c.args().size() > GROUP);
  }

  /** What a parameter becomes does not depend on those beside it, to the bit. */
  @ParameterizedTest
  @MethodSource("cases")
  void isAStepOfEach(OpCase c) {
    try (Device device = DeviceUnderTest.open()) {
      Scope.run(() -> {
        Tensor[] together = c.inputs(device);
        device.run(c.op(), together);
        Tensor[] apart = c.inputs(device);
        for (int i = 0; i < apart.length; i += GROUP) {
          device.run(c.op(), Arrays.copyOfRange(apart, i, i + GROUP));
        }
        for (int i = 0; i < apart.length; i++) {
          assertArrayEquals(apart[i].toDoubles(), together[i].toDoubles(), "input " + i);
        }
      });
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void costsWhatTheStepsOfEachCost(OpCase c) {
    Cost apart = new Cost(0, 0);
    List<TensorSpec> specs = c.specs();
    for (int i = 0; i < specs.size(); i += GROUP) {
      apart = apart.plus(c.op().cost(specs.subList(i, i + GROUP), List.of()));
    }
    assertEquals(apart, c.op().cost(specs, List.of()));
    assertTrue(apart.bytes() > 0);
  }
}
