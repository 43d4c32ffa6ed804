package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.OpException;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** F16 without a device that computes in it: the reference, rounded after each op. */
class HalfPrecisionTest {
  private static Device ref;
  private static Device rounded;

  @BeforeAll
  static void open() {
    ref = Device.open("ref");
    rounded = Device.open("rounded:ref");
  }

  @AfterAll
  static void close() {
    rounded.close();
    ref.close();
  }

  /** Size changes nothing about rounding, and two references are slow. */
  static Stream<OpCase> cases() {
    return in(DType.F16).filter(c -> c.args().stream().allMatch(arg -> arg.reals() < 10_000));
  }

  private static Stream<OpCase> in(DType dtype) {
    return OpCases.all().filter(c -> c.dtypes().anyMatch(t -> t == dtype));
  }

  /** The tolerance is one that rounding alone leaves room in, and no F16 case overflows. */
  @ParameterizedTest
  @MethodSource("cases")
  void roundingStaysWithinTheTolerance(OpCase c) {
    DeviceAgainstRefTest.compare(c, ref, rounded);
  }

  @Test
  void isTakenByTheOpsThatTakeBf16() {
    assertEquals(ops(DType.BF16), ops(DType.F16));
  }

  private static Set<String> ops(DType dtype) {
    return in(dtype).map(c -> c.op().name()).collect(Collectors.toSet());
  }

  @Test
  void theCpuDoesNotComputeInF16() {
    TensorSpec spec = TensorSpec.of(DType.F16, 3);
    for (String name : new String[] {"cpu", "meta:cpu"}) {
      try (Device device = Device.open(name)) {
        Scope.run(() -> {
          OpException e = assertThrows(OpException.class, () -> new Fill(spec, 1).on(device));
          assertEquals(
              "[fill] " + name + " does not compute in F16: output F16[3]", e.getMessage());
        });
      }
    }
  }
}
