package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Cast;
import dev.larmor.engine.op.Fill;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Reshape;
import org.junit.jupiter.api.Test;

/** F64 is kept and converted on every device, and computed with where the device says so. */
class DoublePrecisionTest {
  private static final TensorSpec SPEC = TensorSpec.of(DType.F64, 2, 3, 5, 7);

  @Test
  void isKeptToTheLastBit() {
    try (Device device = DeviceUnderTest.open()) {
      Scope.run(() -> {
        double[] values = new Arg(SPEC, Arg.Domain.ANY).draw(Philox.of(1, "doubles"));
        Tensor wide = device.fromDoubles(SPEC, values);
        assertArrayEquals(values, wide.toDoubles());
        assertArrayEquals(values, new Reshape(Shape.of(6, 35)).apply(wide).toDoubles());
        Tensor narrow = new Cast(DType.F32).apply(wide);
        float[] floats = new float[values.length];
        double[] rounded = new double[values.length];
        for (int i = 0; i < values.length; i++) {
          floats[i] = (float) values[i];
          rounded[i] = floats[i];
        }
        assertArrayEquals(floats, narrow.toFloats());
        Tensor exact = device.tensor(narrow.spec(), floats);
        assertArrayEquals(rounded, new Cast(DType.F64).apply(exact).toDoubles());
        assertEquals(0.1, new Fill(TensorSpec.of(DType.F64), 0.1).on(device).item());
      });
    }
  }

  @Test
  void isRefusedByTheDryRunWithTheSameSentence() {
    for (String name : new String[] {"cpu", "meta:cpu"}) {
      try (Device device = Device.open(name)) {
        Scope.run(() -> {
          Tensor wide = new Fill(SPEC, 1).on(device);
          OpException e = assertThrows(OpException.class, () -> new Add().apply(wide, wide));
          assertEquals(
              "[add] " + name + " does not compute in F64: input F64[2, 3, 5, 7]", e.getMessage());
        });
      }
    }
  }
}
