package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.Reads;
import dev.larmor.engine.op.Reverse;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * An op from outside runs on the device by its Java kernel, in whatever layout the device keeps.
 */
class CustomOpTest {
  /** Each row-major number times its index. */
  private record TimesIndex() implements Op.Custom {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
      return inputs;
    }

    @Override
    public Reads reads() {
      return Reads.NOTHING;
    }

    @Override
    public Tensor[] vjp(Reverse r) {
      return new Tensor[] {apply(r.upstream(0))};
    }

    @Override
    public void kernel(HostTensor[] inputs, HostTensor[] outputs) {
      long reals = inputs[0].spec().shape().elements();
      reals *= inputs[0].spec().dtype().isComplex() ? 2 : 1;
      for (long i = 0; i < reals; i++) {
        outputs[0].set(i, i * inputs[0].get(i));
      }
    }

    @Override
    public CudaKernel cuda(List<TensorSpec> inputs, List<TensorSpec> outputs) {
      TensorSpec x = inputs.getFirst();
      return new CudaKernel(
          """
          extern "C" __global__ void times_index(const float* x, float* y, long long n) {
            long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x;
            if (i >= n * PARTS) return;
            long long element = i / PARTS;
            if (CHANNELS_LAST) { // the place in row-major order
              long long c = element % WIDTH, p = element / WIDTH % POSITIONS;
              element += c * POSITIONS + p - (p * WIDTH + c);
            }
            y[i] = (element * PARTS + i % PARTS) * x[i];
          }
          """
              .replace("PARTS", x.dtype().isComplex() ? "2" : "1")
              .replace("WIDTH", Long.toString(x.shape().dim(1)))
              .replace("POSITIONS", Long.toString(x.shape().positions())),
          "times_index",
          Math.ceilDiv(x.bytes() / 4, 128),
          128);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ref", "device"})
  void runsByItsKernel(String which) {
    try (Device device = which.equals("ref") ? Device.open("ref") : DeviceUnderTest.open()) {
      for (DType dtype : List.of(DType.F32, DType.C64)) {
        Scope.run(() -> {
          OpCase c = OpCase.of(new TimesIndex(), 0, Arg.of(dtype, 2, 3, 5, 7));
          double[] expected = c.values(0);
          for (int i = 0; i < expected.length; i++) {
            expected[i] = (float) (i * expected[i]);
          }
          double[] found = c.op().apply(c.inputs(device)).toDoubles();
          assertArrayEquals(expected, found, 1e-4);
        });
      }
    }
  }
}
