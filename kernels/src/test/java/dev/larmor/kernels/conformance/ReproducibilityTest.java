package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The same bits from run to run and for any number of threads. */
class ReproducibilityTest {
  private static Device one;
  private static Device several;

  @BeforeAll
  static void open() {
    one = DeviceUnderTest.open(DeviceConfig.DEFAULT.withThreads(1));
    several = DeviceUnderTest.open(DeviceConfig.DEFAULT.withThreads(3));
  }

  @AfterAll
  static void close() {
    one.close();
    several.close();
  }

  static Stream<OpCase> cases() {
    return DeviceAgainstRefTest.cases();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void givesTheSameBitsAgainAndForAnyNumberOfThreads(OpCase c) {
    double[] expected = results(c, several);
    assertArrayEquals(expected, results(c, several), "run again");
    assertArrayEquals(expected, results(c, one), "with 1 thread instead of 3");
  }

  private static double[] results(OpCase c, Device on) {
    List<Tensor> results = new ArrayList<>();
    return Scope.run(() -> {
      Tensor[] inputs = c.inputs(on);
      Tensor[] outputs = on.run(c.op(), inputs);
      results.addAll(Arrays.asList(inputs));
      results.addAll(Arrays.asList(outputs));
      if (c.differentiable() && c.gradients() > 0) {
        Tensor[] upstream = c.upstream(on);
        HashSet<Integer> wanted = new HashSet<>(c.wanted());
        results.addAll(
            Arrays.asList(new Backward(c.op(), inputs, outputs, upstream, wanted).run()));
      }
      return results.stream()
          .filter(Objects::nonNull)
          .flatMapToDouble(t -> Arrays.stream(t.toDoubles()))
          .toArray();
    });
  }
}
