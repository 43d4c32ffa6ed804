package dev.larmor.models.training;

import dev.larmor.autograd.GradSink;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.augment.FullSlice;
import dev.larmor.models.augment.Variation;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.data.fastmri.Sample;
import dev.larmor.models.data.fastmri.Volume;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.varnet.ReconstructionModel;
import java.util.Map;

/**
 * One sample's forward and backward pass; training, dry runs and benchmarks all run this.
 *
 * @param scale what the gradient is multiplied by: the loss scale over the samples accumulated
 */
public record TrainingStep(
    ReconstructionModel model,
    Criterion criterion,
    Recompute recompute,
    Training training,
    double scale) {
  /** A slice on a device, in the current scope. */
  public record Slice(Tensor kspace, SamplingMask mask, Tensor target, SliceContext context)
      implements AutoCloseable {
    /** Uploads a sample, which must have a target. */
    public static Slice upload(Device device, Sample sample, SliceContext context) {
      return new Slice(
          kspace(device, sample),
          sample.mask(),
          device.tensor(targetSpec(sample.volume().imageSize()), sample.target().orElseThrow()),
          context);
    }

    /** The same sample after a variation of its k-space and target. */
    public Slice varied(Variation variation) {
      FullSlice varied = variation.apply(new FullSlice(kspace, target), context.anatomy());
      return new Slice(varied.kspace(), mask, varied.target(), context);
    }

    /** The same, to be closed by the caller instead of the scope. */
    public Slice unscoped() {
      return new Slice(kspace.unscoped(), mask, target.unscoped(), context);
    }

    /** Frees a slice that is {@link #unscoped}. */
    @Override
    public void close() {
      kspace.close();
      target.close();
    }

    /** A sample's k-space {@code C64[coils, H, W]}. */
    static Tensor kspace(Device device, Sample sample) {
      Volume volume = sample.volume();
      return device.tensor(
          kspaceSpec(volume.coils(), volume.height(), volume.width()), sample.kspace());
    }

    static TensorSpec kspaceSpec(int coils, int height, int width) {
      return TensorSpec.of(DType.C64, coils, height, width);
    }

    static TensorSpec targetSpec(int size) {
      return TensorSpec.of(DType.F32, 1, size, size);
    }
  }

  /**
   * The loss {@code F32[]} of a step, and the stages that were not recomputed ({@link
   * Tape#keptStages}).
   */
  public record Result(Tensor loss, Map<String, Tape.KeptStage> keptStages) {}

  /** Runs the step in the current scope and gives the gradients to {@code sink}. */
  public Result run(Slice slice, GradSink sink) {
    try (Tape tape = new Tape(model.parameters(), recompute)) {
      int size = slice.target.shape().size(-1);
      Tensor loss =
          training.run(() ->
              tape.record(() -> {
                Tensor image = model.reconstruct(slice.kspace, slice.mask, size, size);
                return criterion.loss(image, slice.target, slice.context);
              }));
      tape.backward(loss, scale, sink);
      return new Result(loss, Map.copyOf(tape.keptStages()));
    }
  }
}
