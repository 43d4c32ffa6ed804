package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * For an op linear in an input, {@code y = A x}, the reverse rule must be its adjoint: {@code Re⟨A
 * x, u⟩ = Re⟨x, Aᴴ u⟩} for any x and u.
 */
class AdjointTest {
  private static Device ref;
  private static Device device;

  @BeforeAll
  static void open() {
    ref = Device.open("ref");
    device = DeviceUnderTest.open();
  }

  @AfterAll
  static void close() {
    device.close();
    ref.close();
  }

  static Stream<OpCase> cases() {
    return DeviceAgainstRefTest.cases().filter(c -> !c.linear().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void reverseRuleIsTheAdjointOnRef(OpCase c) {
    check(c, ref, 1e-12);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void reverseRuleIsTheAdjointOnTheDevice(OpCase c) {
    check(c, device, Math.max(1e-5, c.toleranceOnDevice()));
  }

  private static void check(OpCase c, Device on, double tolerance) {
    for (int i : c.linear()) {
      Scope.run(() -> {
        Tensor[] x = c.inputs(on);
        Tensor[] u = c.upstream(on);
        Tensor[] y = on.run(c.op(), x);
        Tensor adjoint = new Backward(c.op(), x, y, u, Set.of(i)).run()[i];
        double[] forward = y[0].toDoubles();
        double size = Math.sqrt(dot(forward, forward) * dot(c.upstream(0), c.upstream(0)));
        assertEquals(
            dot(forward, c.upstream(0)),
            dot(c.values(i), adjoint.toDoubles()),
            tolerance * size,
            "input " + i);
      });
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
