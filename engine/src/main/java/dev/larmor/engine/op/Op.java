package dev.larmor.engine.op;

import dev.larmor.engine.Capabilities;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Locale;

/**
 * One operation: its attributes, what it makes of its inputs, its reverse rule and its cost. An op
 * is a value and a function: {@code new Conv(...).apply(x, w)}.
 *
 * <p>The interface is sealed, so a backend's {@code run} is one exhaustive {@code switch}: an op
 * without a kernel, or without a reverse rule, does not compile. {@link Custom} is the open door
 * for code outside this project.
 *
 * <p>Gradients follow one convention: for a real loss L and a complex z the gradient is {@code
 * dL/dRe z + i·dL/dIm z}, so the reverse rule of a linear map {@code y = A x} is {@code Aᴴ}.
 */
public sealed interface Op
    permits Add,
        AddBias,
        Affine,
        AvgPool,
        Cast,
        ChannelAffine,
        ChannelDot,
        ChannelDropout,
        ChannelScale,
        ChannelSum,
        ChunkAttention,
        Concat,
        Conv,
        ConvTranspose,
        Crop,
        CrossEntropy,
        Dot,
        Fft2,
        LeakyRelu,
        MaskColumns,
        MaskedResidual,
        MatMul,
        Moments,
        Mul,
        Narrow,
        Pad,
        RssNormalize,
        Rss,
        ScaleBy,
        SensExpand,
        SensReduce,
        SobelMagnitude,
        SoftDataConsistency,
        Softmax,
        Spread,
        Ssim,
        Sub,
        Sum,
        InstanceNormAct,
        InstanceNormAffineAct,
        Unary,
        Op.View,
        Op.NotDifferentiable,
        Op.Custom {

  /**
   * Outputs for these inputs. Every check of an op is made here.
   *
   * @throws OpException if the op does not take them
   */
  List<TensorSpec> infer(List<TensorSpec> inputs);

  /** What {@link #vjp} reads; the tape keeps nothing else. */
  Reads reads();

  /**
   * The reverse rule (vector–Jacobian product): gradients of the inputs from the gradients of the
   * outputs, null where {@link Reverse#wants} is false. A null where it is true means that this
   * input has no gradient, which the tape reports as an error.
   */
  Tensor[] vjp(Reverse r);

  /** Work of one call; by default one operation per output element. */
  default Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return Check.cost(inputs, outputs, 1);
  }

  /** Name in messages and tables: {@code conv}, {@code conv.input}, {@code instance_norm_act}. */
  default String name() {
    Class<?> type = getClass();
    String own = snake(type.getSimpleName());
    Class<?> outer = type.getEnclosingClass();
    return outer != null && Op.class.isAssignableFrom(outer) && outer != Op.class
        ? snake(outer.getSimpleName()) + "." + own
        : own;
  }

  private static String snake(String camel) {
    return camel.replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_").toLowerCase(Locale.ROOT);
  }

  /** Runs this op on the device of its inputs and returns its only output. */
  default Tensor apply(Tensor... inputs) {
    return applyAll(inputs)[0];
  }

  /** Runs this op on the device of its inputs. */
  default Tensor[] applyAll(Tensor... inputs) {
    return inputs[0].device().run(this, inputs);
  }

  /** Runs an op without inputs. */
  default Tensor on(Device device) {
    return device.run(this)[0];
  }

  /** An op without a reverse rule: using it on a tensor that needs a gradient is an error. */
  sealed interface NotDifferentiable extends Op
      permits AnatomicalMask,
          AvgPool.Grad,
          ChannelTotal,
          ChunkAttention.Grad,
          Conv.Input,
          Conv.Weight,
          CrossEntropy.Grad,
          Embed,
          Fill,
          InstanceNormAct.Grad,
          InstanceNormAffineAct.Grad,
          LeakyRelu.Grad,
          Moments.Grad,
          Mul.Conj,
          Pad.Fold,
          Resample,
          Rss.Grad,
          RssNormalize.Grad,
          SensReduce.MapGrad,
          SobelMagnitude.Grad,
          SoftDataConsistency.KspaceGrad,
          Softmax.Grad,
          Ssim.Grad,
          Unary.Grad,
          Uniform,
          InPlace {
    @Override
    default Reads reads() {
      return Reads.NOTHING;
    }

    @Override
    default Tensor[] vjp(Reverse r) {
      throw new OpException(this, "is not differentiable");
    }
  }

  /** An op that updates some of its inputs and makes no output. */
  sealed interface InPlace extends NotDifferentiable permits AdamStep, Axpy, SgdStep {}

  /** An op that may be nothing but another look at the same bytes. */
  sealed interface View extends Op permits ChannelsToComplex, ComplexToChannels, Reshape {
    /** Whether input and output are the same bytes, where feature maps are channels-last or not. */
    boolean aliases(TensorSpec input, boolean channelsLast);
  }

  /**
   * An op that others combine from plainer ops: that combination is its definition, and the tests'
   * oracle.
   */
  interface Fused {
    /** The same outputs from plainer ops. */
    Tensor[] expansion(Tensor... inputs);
  }

  /**
   * An op brought by code outside this project: shapes and a reverse rule like any op, and a kernel
   * for each kind of backend.
   */
  non-sealed interface Custom extends Op {
    /**
     * The Java kernel, run by the CPU backends: reads inputs, writes every element of the outputs.
     */
    void kernel(HostTensor[] inputs, HostTensor[] outputs);

    /** CUDA C source of the kernel, for the CUDA backend. */
    CudaKernel cuda(List<TensorSpec> inputs, List<TensorSpec> outputs);
  }

  /** A tensor's memory as a {@link Custom} kernel sees it. */
  interface HostTensor {
    TensorSpec spec();

    /**
     * The real number at row-major index {@code i}; a complex element is two, {@code 2i} and {@code
     * 2i + 1}.
     */
    double get(long i);

    /** Sets the real number at row-major index {@code i}. */
    void set(long i, double value);

    /** The bytes in the backend's own layout, for kernels that know it. */
    MemorySegment segment();
  }

  /**
   * A CUDA kernel: header-free source, the name of its {@code extern "C" __global__} function, and
   * the launch. The function receives one pointer per input, then per output, then the element
   * count of the first output.
   *
   * <p>Elements lie as the backend keeps them: a feature map is {@code [N][positions][C]} where the
   * macro {@code CHANNELS_LAST} is 1 ({@link Capabilities#channelsLast}), everything else is
   * row-major. A kernel that treats all elements alike need not care.
   */
  record CudaKernel(String source, String function, long grid, int block) {}
}
