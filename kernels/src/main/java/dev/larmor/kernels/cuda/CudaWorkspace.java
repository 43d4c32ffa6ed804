package dev.larmor.kernels.cuda;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import dev.larmor.kernels.WorkspaceRule;
import java.util.List;

/**
 * Scratch memory of the CUDA backend, known from the shapes alone: a dry run charges the same on a
 * machine without a card. What a library would want only its driver knows, so libraries are given a
 * fixed share and choose an algorithm that makes do with it.
 *
 * @param channelsLast layout of feature maps
 */
public record CudaWorkspace(boolean channelsLast) implements WorkspaceRule {
  @Override
  public long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    TensorSpec first = inputs.isEmpty() ? null : inputs.getFirst();
    return switch (op) {
      case AnatomicalMask _ -> Images.maskWorkspace(first);
      case ChannelDot _, ChannelSum _, ChannelTotal _ -> ChannelKernels.sumWorkspace(first);
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _ ->
          Convolutions.workspace(op, inputs, outputs, channelsLast);
      case Dot _, Sum _ -> Sums.workspace(first);
      case Fft2 _ -> Fourier.workspace(first);
      case InstanceNormAct _, Moments _ -> InstanceNorm.workspace(first);
      case InstanceNormAct.Grad _ -> InstanceNorm.gradWorkspace(first);
      case MatMul _ -> MatrixProducts.WORKSPACE_BYTES;
      case SensExpand _ -> Coils.expandWorkspace(outputs.getFirst());
      case SensReduce _, SensReduce.MapGrad _ -> Coils.imagesWorkspace(first);
      case SobelMagnitude.Grad _ -> Images.sobelGradWorkspace(first);
      case Ssim _ -> Images.ssimWorkspace(first);
      case Ssim.Grad _ -> Images.ssimGradWorkspace(outputs.getFirst());
      default -> 0;
    };
  }
}
