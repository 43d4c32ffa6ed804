package dev.larmor.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.larmor.engine.Backend.Operand;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.AdamStep;
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
  void stepsManyParametersAtOnce() {
    assumeTrue(HostCompiler.isThere());
    try (CudaBackend card =
            new CudaBackend("card", new EmulatedCuda(EmulatedCuda.CARD), DeviceConfig.DEFAULT);
        Arena arena = Arena.ofConfined()) {
      List<Operand> tensors = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        TensorSpec spec = TensorSpec.of(DType.F32, i % 40 == 3 ? 9001 : i + 1);
        for (float value : new float[] {i, i % 2 == 0 ? 3 : -3, 0, 0}) {
          tensors.add(filled(card, arena, spec, value));
        }
      }
      card.run(STEP, tensors, List.of(), null);
      for (int i = 0; i < 100; i++) {
        // The first step is of size rate, against the gradient's sign.
        check(card, arena, tensors.get(4 * i), i + (i % 2 == 0 ? -0.01 : 0.01));
        check(card, arena, tensors.get(4 * i + 1), i % 2 == 0 ? 3 : -3);
        check(card, arena, tensors.get(4 * i + 2), i % 2 == 0 ? 1.5 : -1.5);
        check(card, arena, tensors.get(4 * i + 3), 4.5);
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
