package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend.Operand;
import dev.larmor.engine.Buffer;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.Sum;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Known answers asked of a card when it is opened: of a kernel of ours, of one with barriers, and
 * of each library. Kernels for the wrong card, or libraries that do not fit the driver, may give
 * zeros and no error.
 */
final class SelfTest {
  private final CudaBackend backend;

  private SelfTest(CudaBackend backend) {
    this.backend = backend;
  }

  /**
   * Asks.
   *
   * @throws DeviceException in one sentence, which part of it answers wrongly
   */
  static void run(CudaBackend backend) {
    SelfTest test = new SelfTest(backend);
    float[] counting = new float[1000];
    for (int i = 0; i < counting.length; i++) {
      counting[i] = i;
    }
    TensorSpec vector = TensorSpec.of(DType.F32, counting.length);
    test.ask("a kernel", new Affine(2, 1), List.of(vector), 999, 1999, counting);
    test.ask("a sum", new Sum(), List.of(vector), 0, 499_500, counting);
    // The transform of ones is their number at frequency 0, over its root.
    float[] ones = new float[2 * 6 * 10];
    for (int i = 0; i < ones.length; i += 2) {
      ones[i] = 1;
    }
    TensorSpec image = TensorSpec.of(DType.C64, 6, 10);
    test.ask("cuFFT", new Fft2(false, false), List.of(image), 0, Math.sqrt(60), ones);
    TensorSpec square = TensorSpec.of(DType.F32, 2, 2);
    float[] matrix = {1, 2, 3, 4};
    test.ask("cuBLAS", new MatMul(false, false), List.of(square, square), 2, 15, matrix, matrix);
    TensorSpec map = TensorSpec.of(DType.F32, 1, 1, 3, 3);
    float[] nine = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    test.ask("cuDNN", Conv.padded(2, 1), List.of(map, map), 4, 285, nine, nine);
  }

  private void ask(
      String what, Op op, List<TensorSpec> specs, int index, double expected, float[]... values) {
    List<Operand> inputs = new ArrayList<>();
    List<TensorSpec> results = op.infer(specs);
    List<Operand> outputs = List.of(operand(results.getFirst()));
    long scratch = backend.leastWorkspaceBytes(op, specs, results);
    Buffer workspace = scratch == 0 ? null : backend.allocate(scratch);
    float found;
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < values.length; i++) {
        inputs.add(operand(specs.get(i)));
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values[i]);
        backend.upload(host, specs.get(i).dtype(), specs.get(i), inputs.get(i).buffer());
      }
      backend.run(op, inputs, outputs, workspace);
      TensorSpec result = results.getFirst();
      MemorySegment host = arena.allocate(result.bytes(), Float.BYTES);
      backend.download(outputs.getFirst().buffer(), result, host, result.dtype());
      found = host.getAtIndex(ValueLayout.JAVA_FLOAT, index);
    } finally {
      inputs.forEach(operand -> backend.free(operand.buffer()));
      outputs.forEach(operand -> backend.free(operand.buffer()));
      if (workspace != null) {
        backend.free(workspace);
      }
    }
    if (!(Math.abs(found - expected) <= 1e-2 * expected)) {
      throw new DeviceException(
          "%s does not compute: %s (%s) gives %s where %s is right; do the libraries fit the driver?"
              .formatted(backend.name(), what, op.name(), found, (float) expected));
    }
  }

  private Operand operand(TensorSpec spec) {
    return new Operand(spec, backend.allocate(Math.max(256, spec.bytes())));
  }
}
