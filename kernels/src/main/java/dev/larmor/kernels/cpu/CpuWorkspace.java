package dev.larmor.kernels.cpu;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.*;
import java.util.List;

/** Scratch memory of the {@code cpu} backend's kernels, known without running anything. */
final class CpuWorkspace {
  private final Contractions contractions;
  private final int threads;

  CpuWorkspace(Contractions contractions, int threads) {
    this.contractions = contractions;
    this.threads = threads;
  }

  /** Scratch bytes that the backend wants for this call. */
  long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return switch (op) {
      case AddBias _ -> ChannelKernels.addBiasWorkspace(inputs.getFirst());
      case AnatomicalMask _ -> Morphology.workspace(inputs.getFirst());
      case ChannelAffine _, ChannelScale _, ChannelDropout _, Moments.Grad _ ->
          ChannelKernels.affineWorkspace(inputs.getFirst());
      case ChannelDot _, ChannelSum _ -> ChannelKernels.sumWorkspace(inputs.getFirst());
      case ChannelTotal _ -> ChannelKernels.totalWorkspace(inputs.getFirst());
      case CrossEntropy _ -> Likelihood.workspace(inputs.getFirst());
      case Dot _, Sum _ -> Elementwise.sumWorkspace(inputs.getFirst());
      case Fft2 _, SensExpand _, SensReduce.MapGrad _ ->
          Fourier.workspace(outputs.getFirst(), threads);
      case InstanceNormAct _, InstanceNormAct.Grad _, InstanceNormAffineAct _, Moments _ ->
          InstanceNorm.workspace(inputs.getFirst());
      case InstanceNormAffineAct.Grad _ -> InstanceNorm.affineGradWorkspace(inputs.getFirst());
      case MaskColumns _,
          MaskedResidual _,
          SoftDataConsistency _,
          SoftDataConsistency.KspaceGrad _ ->
          Kspace.workspace(inputs.getFirst());

      case SensReduce _ -> Coils.reduceWorkspace(inputs.getFirst(), threads);
      case SobelMagnitude.Grad _ -> Edges.gradWorkspace(inputs.get(1));
      case Ssim.Grad _ -> Similarity.gradWorkspace(inputs.getFirst());
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _, MatMul _ ->
          contractions.workspace(op, inputs, outputs);
      default -> 0;
    };
  }
}
