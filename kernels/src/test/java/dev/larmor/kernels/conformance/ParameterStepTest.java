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
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.SgdStep;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Many parameters in one step. */
class ParameterStepTest {
  private static int group(Op op) {
    return op instanceof AdamStep ? 4 : 3;
  }

  static Stream<OpCase> cases() {
    Stream<OpCase> few =
        OpCases.on(DeviceUnderTest.name())
            .filter(c -> c.op() instanceof AdamStep || c.op() instanceof SgdStep)
            .filter(c -> c.args().size() > group(c.op()));
    AdamStep step = new AdamStep(1e-3, 0.9, 0.999, 1e-8, 0.01, true, 5);
    SgdStep other = new SgdStep(1e-3, 0.9, 0.01, true);
    return Stream.concat(few, Stream.of(step, other).map(ParameterStepTest::thousands));
  }

  private static OpCase thousands(Op op) {
    int group = group(op);
    Arg[] args = new Arg[group * 700];
    Arrays.setAll(
        args,
        i -> {
          Arg arg = Arg.f32(1 + i / group % 40);
          return i % group == 3 ? arg.positive() : arg;
        });
    return OpCase.of(op, OpCase.ELEMENTWISE, args);
  }

  /** What a parameter becomes does not depend on those beside it, to the bit. */
  @ParameterizedTest(name = "{index}")
  @MethodSource("cases")
  void isAStepOfEach(OpCase c) {
    try (Device device = DeviceUnderTest.open()) {
      Scope.run(() -> {
        Tensor[] together = c.inputs(device);
        device.run(c.op(), together);
        Tensor[] apart = c.inputs(device);
        int group = group(c.op());
        for (int i = 0; i < apart.length; i += group) {
          device.run(c.op(), Arrays.copyOfRange(apart, i, i + group));
        }
        for (int i = 0; i < apart.length; i++) {
          assertArrayEquals(apart[i].toDoubles(), together[i].toDoubles(), "input " + i);
        }
      });
    }
  }

  @ParameterizedTest(name = "{index}")
  @MethodSource("cases")
  void costsWhatTheStepsOfEachCost(OpCase c) {
    Cost apart = new Cost(0, 0);
    List<TensorSpec> specs = c.specs();
    int group = group(c.op());
    for (int i = 0; i < specs.size(); i += group) {
      apart = apart.plus(c.op().cost(specs.subList(i, i + group), List.of()));
    }
    assertEquals(apart, c.op().cost(specs, List.of()));
    assertTrue(apart.bytes() > 0);
  }
}
