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
        Tensor[] inputs = c.inputs(on);
        Tensor[] outputs = on.run(c.op(), inputs);
        Backward backward = new Backward(c.op(), inputs, outputs, c.upstream(on), Set.of(i));
        double[] x = c.values(i);
        double[] u = c.upstream(0);
        double[] forward = outputs[0].toDoubles();
        double[] adjoint = backward.run()[i].toDoubles();
        double size = Math.max(norm(forward) * norm(u), norm(x) * norm(adjoint));
        assertEquals(dot(forward, u), dot(x, adjoint), tolerance * size, "input " + i);
      });
    }
  }

  private static double norm(double[] a) {
    return Math.sqrt(dot(a, a));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
