package dev.larmor.kernels.cuda;

import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import dev.larmor.kernels.WorkspaceRule;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What the CUDA backend does on a kind of card, known without one: dtypes, layout, and scratch
 * memory from the shapes alone, so that a dry run charges the same. What a library would want only
 * its driver knows; so libraries are given a fixed share and choose an algorithm that makes do.
 *
 * @param capability compute capability of the card, 61 for 6.1
 * @param precision what the device is opened for
 */
public record CudaPlanner(int capability, Precision precision) implements WorkspaceRule {
  /** What starts in a workspace starts on a multiple of this. */
  private static final long ALIGNMENT = 256;

  /** The dtypes that kernels compute with: bfloat16 came with Ampere. */
  public Set<DType> dtypes() {
    EnumSet<DType> dtypes = EnumSet.of(DType.F32, DType.C64, DType.F16, DType.I32, DType.U8);
    if (capability >= 80) {
      dtypes.add(DType.BF16);
    }
    return dtypes;
  }

  /** Whether the precision asks for tensor cores that the card has: they want channels last. */
  public boolean channelsLast() {
    return switch (precision) {
      case FP32 -> false;
      case FP16 -> capability >= 70;
      case TF32, BF16 -> capability >= 80;
    };
  }

  /**
   * Refuses a precision that the card has not.
   *
   * @param title the card in the message
   * @throws DeviceException in one sentence
   */
  public void check(String title) {
    if (precision == Precision.TF32 && capability < 80) {
      throw new DeviceException(
          title + " has no TF32, which came with compute capability 8.0: use fp32 or fp16");
    }
  }

  /** Whether products of F32 may round their factors to TF32: only fp32 means fp32. */
  boolean rounds() {
    return precision != Precision.FP32 && capability >= 80;
  }

  @Override
  public long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    TensorSpec first = inputs.isEmpty() ? null : inputs.getFirst();
    return switch (op) {
      case AnatomicalMask _ -> Images.maskWorkspace(first);
      case ChannelDot _, ChannelSum _ -> ChannelKernels.sumWorkspace(first, channelsLast());
      case ChannelTotal _ -> ChannelKernels.totalWorkspace(first, channelsLast());
      case ChunkAttention o -> Attention.workspace(o.chunks(), first);
      case ChunkAttention.Grad o -> Attention.gradWorkspace(o.attention().chunks(), first);
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _ ->
          Convolutions.workspace(op, inputs, outputs, channelsLast());
      case CrossEntropy _ -> Likelihood.workspace(first);
      case Dot _, Sum _ -> Sums.workspace(first);
      case Fft2 _ -> Fourier.workspace(first);
      case InstanceNormAct _, InstanceNormAffineAct _, Moments _ ->
          InstanceNorm.workspace(first, channelsLast());
      case InstanceNormAct.Grad _, InstanceNormAffineAct.Grad _ ->
          InstanceNorm.gradWorkspace(first, channelsLast());
      case MatMul _ -> MatrixProducts.WORKSPACE_BYTES;
      case SensExpand _ -> Coils.expandWorkspace(outputs.getFirst());
      case SensReduce _, SensReduce.MapGrad _ -> Coils.imagesWorkspace(first);
      case SobelMagnitude.Grad _ -> Images.sobelGradWorkspace(first);
      case Ssim _ -> Images.ssimWorkspace(first);
      case Ssim.Grad _ -> Images.ssimGradWorkspace(outputs.getFirst());
      default -> 0;
    };
  }

  @Override
  public long least(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return switch (op) {
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _ ->
          Convolutions.leastWorkspace(op, inputs, outputs, channelsLast());
      default -> bytes(op, inputs, outputs);
    };
  }

  /** Bytes up to where the next part of a workspace may start. */
  static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }
}
