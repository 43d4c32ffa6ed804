package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.fail;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Cast;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Reverse rules against central differences of {@code L = Σ_o Re⟨c_o, y_o⟩}, c random, in double on
 * {@code ref}. A complex gradient is {@code dL/dRe + i·dL/dIm}, so its two parts are the
 * derivatives by the two parts of the input.
 */
class ReverseRuleTest {
  /** Cases with at most this many numbers to vary; on ref BF16 and F16 are no other than F32. */
  private static final int MOST = 400;

  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 1e-6;

  private static Device ref;

  @BeforeAll
  static void open() {
    ref = Device.open("ref");
  }

  @AfterAll
  static void close() {
    ref.close();
  }

  static Stream<OpCase> cases() {
    return OpCases.all().filter(ReverseRuleTest::checked);
  }

  static boolean checked(OpCase c) {
    int numbers = c.wanted().stream().mapToInt(i -> c.args().get(i).reals()).sum();
    boolean again = c.rounds() && !(c.op() instanceof Cast);
    return c.differentiable() && !again && numbers > 0 && numbers <= MOST;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void agreesWithFiniteDifferences(OpCase c) {
    double[][] gradients = gradients(c, new HashSet<>(c.wanted()));
    for (int i : c.wanted()) {
      double[] expected = differences(c, i);
      double scale = Math.max(1e-3, Arrays.stream(expected).map(Math::abs).max().orElseThrow());
      for (int j = 0; j < expected.length; j++) {
        if (!(Math.abs(gradients[i][j] - expected[j]) <= TOLERANCE * scale)) {
          fail(
              "gradient of input %d at %d is %.9g, finite differences say %.9g"
                  .formatted(i, j, gradients[i][j], expected[j]));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheSameGradientWhenOnlyOneInputIsWanted(OpCase c) {
    double[][] together = gradients(c, new HashSet<>(c.wanted()));
    for (int i : c.wanted()) {
      double[] alone = gradients(c, Set.of(i))[i];
      assertEquals(Arrays.toString(together[i]), Arrays.toString(alone));
    }
  }

  /** Gradients of all inputs by the reverse rule; what it keeps must be what it reads. */
  private static double[][] gradients(OpCase c, Set<Integer> wanted) {
    double[][] result = new double[c.args().size()][];
    Scope.run(() -> {
      Tensor[] inputs = c.inputs(ref);
      Tensor[] outputs = ref.run(c.op(), inputs);
      Backward backward = new Backward(c.op(), inputs, outputs, c.upstream(ref), wanted);
      Tensor[] gradients = backward.run();
      for (int i = 0; i < result.length; i++) {
        if (c.constant().contains(i)) {
          assertNull(gradients[i], "input " + i + " has no gradient");
        } else if (wanted.contains(i)) {
          assertNotNull(gradients[i], "input " + i + " has a gradient");
          assertEquals(c.args().get(i).spec(), gradients[i].spec());
          result[i] = gradients[i].toDoubles();
        }
      }
      if (wanted.containsAll(c.wanted())) {
        assertEquals(c.op().reads(), backward.read(), "what the rule keeps and what it reads");
      }
    });
    return result;
  }

  private static double[] differences(OpCase c, int input) {
    double[] result = new double[c.args().get(input).reals()];
    double[][] values = new double[c.args().size()][];
    Arrays.setAll(values, c::values);
    double[][] upstream = new double[Math.min(c.outputs().size(), c.gradients())][];
    Arrays.setAll(upstream, c::upstream);
    double[] x = values[input];
    for (int j = 0; j < x.length; j++) {
      double at = x[j];
      x[j] = at + STEP;
      double above = loss(c, values, upstream);
      x[j] = at - STEP;
      double below = loss(c, values, upstream);
      x[j] = at;
      result[j] = (above - below) / (2 * STEP);
    }
    return result;
  }

  private static double loss(OpCase c, double[][] values, double[][] upstream) {
    return Scope.run(() -> {
      Tensor[] inputs = new Tensor[values.length];
      List<Arg> args = c.args();
      Arrays.setAll(inputs, i -> ref.fromDoubles(args.get(i).spec(), values[i]));
      Tensor[] outputs = ref.run(c.op(), inputs);
      double loss = 0;
      for (int o = 0; o < upstream.length; o++) {
        double[] y = outputs[o].toDoubles();
        for (int i = 0; i < y.length; i++) {
          loss += y[i] * upstream[o][i];
        }
      }
      return loss;
    });
  }
}
