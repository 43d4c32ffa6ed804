package dev.larmor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class LossScaleTest {
  private static final class Two extends Module {
    final Parameter a = parameter("a", TensorSpec.of(DType.F32, 2), Init.constant(0));
    final Parameter b = parameter("b", TensorSpec.of(DType.C64, 2), Init.constant(0));
  }

  private Device device;
  private Two model;
  private Gradients gradients;

  @BeforeEach
  void open() {
    device = Device.open("ref");
    model = new Two();
    model.place(device, Philox.of(0, "init"));
    gradients = new Gradients();
  }

  @AfterEach
  void close() {
    gradients.close();
    model.close();
    device.close();
  }

  /** Replaces the gradients by these; the last number is the last of b. */
  private void backward(double scale, double last) {
    gradients.clear();
    Scope.run(() -> {
      gradients.complete(model.a, device.fromDoubles(model.a.spec(), 3 * scale, -0.1 * scale));
      gradients.complete(model.b, device.fromDoubles(model.b.spec(), 0, 4 * scale, 0, last));
    });
  }

  @Test
  void gradientsAreDividedByTheScaleTheyWereMadeWith() {
    LossScale scale = LossScale.of(Precision.FP16);
    assertEquals(65536, scale.value());
    backward(scale.value(), 0);
    assertTrue(scale.unscale(gradients));
    assertArrayEquals(new double[] {3, -0.1}, gradients.of(model.a).toDoubles());
    assertArrayEquals(new double[] {0, 4, 0, 0}, gradients.of(model.b).toDoubles());
    assertEquals(new LossScale.State(65536, 1, 0), scale.state());
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.NaN})
  void anOverflowHalvesItAndLeavesTheStepOut(double planted) {
    LossScale scale = LossScale.of(Precision.FP16);
    backward(scale.value(), 0);
    assertTrue(scale.unscale(gradients));
    backward(scale.value(), planted);
    assertFalse(scale.unscale(gradients));
    assertEquals(new LossScale.State(32768, 0, 1), scale.state());
    assertEquals(3 * 65536.0, gradients.of(model.a).toDoubles()[0], "as it was");
  }

  @Test
  void growsAfterTwoThousandGoodSteps() {
    LossScale scale = LossScale.of(Precision.FP16);
    scale.restore(new LossScale.State(1024, 1998, 5));
    backward(1024, 0);
    assertTrue(scale.unscale(gradients));
    assertEquals(new LossScale.State(1024, 1999, 5), scale.state());
    backward(1024, 0);
    assertTrue(scale.unscale(gradients));
    assertEquals(3, gradients.of(model.a).toDoubles()[0], "made with the scale before it grew");
    assertEquals(new LossScale.State(2048, 0, 5), scale.state());
  }

  @Test
  void endsWhereNoScaleHelps() {
    LossScale scale = LossScale.of(Precision.FP16);
    for (int step = 1; step <= 33; step++) {
      assertFalse(scale.isExhausted(), "at 2^" + Math.getExponent(scale.value()));
      backward(1, Double.NaN);
      assertFalse(scale.unscale(gradients));
      assertEquals(step, scale.skipped());
    }
    assertTrue(scale.isExhausted());
  }

  @ParameterizedTest
  @EnumSource(names = "FP16", mode = EnumSource.Mode.EXCLUDE)
  void isOneInOtherPrecisions(Precision precision) {
    LossScale scale = LossScale.of(precision);
    assertFalse(scale.isDynamic());
    backward(1, Double.NaN);
    assertTrue(scale.unscale(gradients), "what is not scaled is not looked at");
    assertEquals(1, scale.value());
    assertArrayEquals(new double[] {3, -0.1}, gradients.of(model.a).toDoubles());
  }

  @Test
  void theNormIsOfAllGradients() {
    assertEquals(0, gradients.norm());
    backward(1, 12);
    assertEquals(Math.sqrt(9 + 0.1 * 0.1 + 16 + 144), gradients.norm(), 1e-12);
    backward(1, Double.NEGATIVE_INFINITY);
    assertEquals(Double.POSITIVE_INFINITY, gradients.norm());
  }
}
