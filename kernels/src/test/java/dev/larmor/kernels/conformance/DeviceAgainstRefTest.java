package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Outputs and gradients of the device under test against {@code ref}, from the same inputs. */
class DeviceAgainstRefTest {
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
    return OpCases.on(DeviceUnderTest.name());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithRef(OpCase c) {
    compare(c, ref, device);
  }

  /**
   * Fails where a number on {@code device} is not, within the case's tolerance, what it is on
   * {@code ref}.
   */
  static void compare(OpCase c, Device ref, Device device) {
    compare(c, results(c, ref), results(c, device));
  }

  record Result(String what, TensorSpec spec, double[] values) {
    Result(String what, Tensor tensor) {
      this(what, tensor.spec(), tensor.toDoubles());
    }
  }

  static void compare(OpCase c, List<Result> expected, List<Result> found) {
    for (int i = 0; i < expected.size(); i++) {
      compare(c, expected.get(i), found.get(i));
    }
  }

  private static void compare(OpCase c, Result expected, Result found) {
    assertEquals(expected.spec, found.spec, expected.what);
    double largest = Arrays.stream(expected.values).map(Math::abs).max().orElse(0);
    double allowed = c.toleranceOnDevice() * largest;
    for (int i = 0; i < expected.values.length; i++) {
      if (!(Math.abs(expected.values[i] - found.values[i]) <= allowed)) {
        fail(
            "%s %s: number %d is %.9g, by ref %.9g; allowed difference %.3g"
                .formatted(
                    expected.what, expected.spec, i, found.values[i], expected.values[i], allowed));
      }
    }
  }

  /** Outputs, or what an in-place op left of its inputs; then gradients. */
  static List<Result> results(OpCase c, Device on) {
    List<Result> results = new ArrayList<>();
    Scope.run(() -> {
      Tensor[] inputs = c.inputs(on);
      Tensor[] upstream = c.upstream(on);
      poison(on, c.outputs());
      Tensor[] outputs = on.run(c.op(), inputs);
      for (int i = 0; i < outputs.length; i++) {
        results.add(new Result("output " + i, outputs[i]));
      }
      if (c.op() instanceof Op.InPlace) {
        for (int i = 0; i < inputs.length; i++) {
          results.add(new Result("input " + i + " after", inputs[i]));
        }
      }
      if (c.differentiable() && c.gradients() > 0) {
        poison(on, c.specs());
        Tensor[] gradients =
            new Backward(c.op(), inputs, outputs, upstream, new HashSet<>(c.wanted())).run();
        for (int i : c.wanted()) {
          results.add(new Result("gradient of input " + i, gradients[i]));
        }
      }
    });
    return results;
  }

  /** Leaves NaN in the memory that the pool will hand out next: every element must be written. */
  private static void poison(Device on, List<TensorSpec> specs) {
    Scope.run(() -> {
      for (TensorSpec spec : specs) {
        new Fill(spec, spec.dtype().isFloating() ? Double.NaN : 99).on(on);
      }
    });
  }
}
