package org.example;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.OpException;
import dev.larmor.engine.op.Reads;
import dev.larmor.engine.op.Reverse;
import java.util.List;

/**
 * An op from outside Larmor: {@code x·sigmoid(x)} (Ramachandran et al. 2017), with a reverse rule
 * and two kernels.
 */
public record Swish() implements Op.Custom {
  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    if (in.size() != 1 || in.getFirst().dtype() != DType.F32) {
      throw new OpException(this, "takes one F32 tensor, got " + in);
    }
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad().apply(r.upstream(0), r.input(0))};
  }

  @Override
  public void kernel(HostTensor[] in, HostTensor[] out) {
    long n = out[0].spec().shape().elements();
    for (long i = 0; i < n; i++) {
      double x = in[0].get(i);
      out[0].set(i, x / (1 + Math.exp(-x)));
    }
  }

  @Override
  public CudaKernel cuda(List<TensorSpec> in, List<TensorSpec> out) {
    return elementwise(
        "swish",
        """
        extern "C" __global__ void swish(const float* x, float* y, long long n) {
          long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x;
          if (i < n) y[i] = x[i] / (1.0f + expf(-x[i]));
        }
        """,
        out.getFirst());
  }

  private static CudaKernel elementwise(String function, String source, TensorSpec out) {
    int block = 256;
    return new CudaKernel(source, function, (out.shape().elements() + block - 1) / block, block);
  }

  /**
   * {@code g·(s + x·s·(1 − s))} with s = sigmoid(x). Inputs: g, x. An op of its own, as all
   * gradients are.
   */
  public record Grad() implements Op.Custom {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      if (in.size() != 2 || !in.get(0).equals(in.get(1))) {
        throw new OpException(this, "takes a gradient and an input of one spec, got " + in);
      }
      return in.subList(1, 2);
    }

    @Override
    public Reads reads() {
      return Reads.NOTHING;
    }

    @Override
    public Tensor[] vjp(Reverse r) {
      throw new OpException(this, "is not differentiable");
    }

    @Override
    public void kernel(HostTensor[] in, HostTensor[] out) {
      long n = out[0].spec().shape().elements();
      for (long i = 0; i < n; i++) {
        double x = in[1].get(i);
        double s = 1 / (1 + Math.exp(-x));
        out[0].set(i, in[0].get(i) * (s + x * s * (1 - s)));
      }
    }

    @Override
    public CudaKernel cuda(List<TensorSpec> in, List<TensorSpec> out) {
      return elementwise(
          "swish_grad",
          """
          extern "C" __global__ void swish_grad(const float* g, const float* x, float* dx, long long n) {
            long long i = blockIdx.x * (long long) blockDim.x + threadIdx.x;
            if (i < n) {
              float s = 1.0f / (1.0f + expf(-x[i]));
              dx[i] = g[i] * (s + x[i] * s * (1.0f - s));
            }
          }
          """,
          out.getFirst());
    }
  }
}
