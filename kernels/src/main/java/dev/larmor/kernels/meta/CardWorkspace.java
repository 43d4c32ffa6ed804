package dev.larmor.kernels.meta;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Conv;
import dev.larmor.engine.op.ConvTranspose;
import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Op;
import dev.larmor.engine.op.SensExpand;
import dev.larmor.engine.op.SensReduce;
import dev.larmor.kernels.WorkspaceRule;
import java.util.List;

/** Scratch memory of the CUDA libraries' calls. */
final class CardWorkspace implements WorkspaceRule {
  /**
   * Most that a convolution may ask for: cuDNN's algorithms are chosen under this cap, and each
   * convolution is charged with all of it.
   */
  static final long CONVOLUTION_BYTES = 64L << 20;

  /**
   * A transform asks for as much as its data (cuFFT's work area); the coil ops also keep coil
   * images between their transform and their product, where the output can not hold them.
   */
  @Override
  public long bytes(Op op, List<TensorSpec> inputs, List<TensorSpec> outputs) {
    return switch (op) {
      case Conv _, Conv.Input _, Conv.Weight _, ConvTranspose _ -> CONVOLUTION_BYTES;
      case Fft2 _ -> inputs.getFirst().bytes();
      case SensExpand _, SensReduce.MapGrad _ -> outputs.getFirst().bytes();
      case SensReduce _ -> 2 * inputs.getFirst().bytes();
      default -> 0;
    };
  }
}
