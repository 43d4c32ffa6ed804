package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Op;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A fused op is the composition of plainer ops that it names; compared in double. */
class FusedOpTest {
  static Stream<OpCase> cases() {
    return OpCases.all().filter(c -> c.op() instanceof Op.Fused);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void equalsItsExpansion(OpCase c) {
    try (Device ref = Device.open("ref")) {
      Scope.run(() -> {
        Tensor[] inputs = c.inputs(ref);
        Tensor[] fused = ref.run(c.op(), inputs);
        Tensor[] plain = ((Op.Fused) c.op()).expansion(inputs);
        assertEquals(fused.length, plain.length);
        for (int i = 0; i < fused.length; i++) {
          assertEquals(fused[i].spec(), plain[i].spec());
          double[] expected = plain[i].toDoubles();
          double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
          assertArrayEquals(
              expected, fused[i].toDoubles(), 1e-12 * Math.max(1, largest), "output " + i);
        }
      });
    }
  }
}
