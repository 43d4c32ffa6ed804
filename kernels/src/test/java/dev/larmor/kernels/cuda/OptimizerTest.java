package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Backend.Operand;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AdamStep;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.SgdStep;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class OptimizerTest {
  private static final AdamStep STEP = new AdamStep(0.01, 0.5, 0.5, 1e-8, 0, false, 1);

  /** More parameters than one launch takes, some larger than a block's share. */
  @Test
  void adamStepsManyParametersAtOnce() {
    // The first step is of size rate, against the gradient's sign.
    steps(STEP, 4, (i, sign) -> new double[] {i - sign * 0.01, sign * 3, sign * 1.5, 4.5});
  }

  @Test
  void sgdStepsManyParametersAtOnce() {
    SgdStep step = new SgdStep(0.01, 0.5, 0, true);
    steps(step, 3, (i, sign) -> new double[] {i - sign * 0.045, sign * 3, sign * 3});
  }

  private interface Expected {
    /** Parameter i and what is beside it after a step from i with gradient ±3. */
    double[] after(int i, int sign);
  }

  private static void steps(Op step, int group, Expected expected) {
    assumeTrue(HostCompiler.isThere());
    try (CudaBackend card =
            new CudaBackend("card", new EmulatedCuda(EmulatedCuda.CARD), DeviceConfig.DEFAULT);
        Arena arena = Arena.ofConfined()) {
      List<Operand> tensors = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        TensorSpec spec = TensorSpec.of(DType.F32, i % 40 == 3 ? 9001 : i + 1);
        float[] values = {i, i % 2 == 0 ? 3 : -3, 0, 0};
        for (int k = 0; k < group; k++) {
          tensors.add(filled(card, arena, spec, values[k]));
        }
      }
      card.run(step, tensors, List.of(), null);
      for (int i = 0; i < 100; i++) {
        double[] after = expected.after(i, i % 2 == 0 ? 1 : -1);
        for (int k = 0; k < group; k++) {
          check(card, arena, tensors.get(group * i + k), after[k]);
        }
      }
      for (Operand tensor : tensors) {
        card.free(tensor.buffer());
      }
    }
  }

  private static Operand filled(CudaBackend card, Arena arena, TensorSpec spec, float value) {
    MemorySegment host = arena.allocate(spec.bytes());
    for (long at = 0; at < spec.bytes(); at += Float.BYTES) {
      host.set(ValueLayout.JAVA_FLOAT, at, value);
    }
    Buffer buffer = card.allocate(spec.bytes());
    card.upload(host, DType.F32, spec, buffer);
    return new Operand(spec, buffer);
  }

  private static void check(CudaBackend card, Arena arena, Operand tensor, double expected) {
    TensorSpec spec = tensor.spec();
    MemorySegment host = arena.allocate(spec.bytes());
    card.download(tensor.buffer(), spec, host, DType.F32);
    for (long at = 0; at < spec.bytes(); at += Float.BYTES) {
      assertEquals(expected, host.get(ValueLayout.JAVA_FLOAT, at), 1e-5 * Math.abs(expected));
    }
  }
}
