package dev.larmor.bench;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.LossScale;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Training;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Precision;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.training.DryRun;
import dev.larmor.models.training.TrainingStep;
import dev.larmor.models.training.TrainingStep.Slice;
import dev.larmor.models.varnet.ReconstructionModel;

/**
 * The published FI-VarNet's training step – forward, SobelLoss, backward, AdamW – or its
 * reconstruction of a slice.
 */
public final class TimedModel implements Timed {
  /** What is run. */
  public enum Mode {
    /** A step that recomputes the fewest stages that the GTX 1080's budget asks for. */
    TRAIN,
    /** A step that recomputes every stage. */
    RECOMPUTE,
    /** A step that recomputes nothing. */
    KEEP,
    /** A forward pass. */
    RECONSTRUCT
  }

  private static final int IMAGE = 384;

  private final Mode mode;
  private final DryRun.Size size;
  private final Device device;
  private final ReconstructionModel model;
  private final Adam adam;
  private final LossScale lossScale;
  private final Recompute recompute;
  private final long predictedPeak;
  private final float[] kspace;
  private final float[] target;
  private final SamplingMask mask;
  private long steps;

  /** Makes the model and a random slice of {@code coils x height x width}. */
  public TimedModel(Mode mode, int coils, int height, int width, int threads, Precision precision) {
    this.mode = mode;
    this.size = new DryRun.Size(coils, height, width, IMAGE);
    FiVarNet.Config d = FiVarNet.Config.DEFAULT;
    FiVarNet.Config config =
        new FiVarNet.Config(
            d.featureCascades(),
            d.imageCascades(),
            d.chans(),
            d.unetChans(),
            d.pools(),
            d.sensChans(),
            d.sensPools(),
            d.attnStride(),
            d.dropout(),
            precision);
    String name = System.getProperty("larmor.device", "cpu");
    DryRun dry = new DryRun("meta:" + name, threads, 1);
    this.recompute =
        switch (mode) {
          case TRAIN ->
              dry.recomputePlan(config, Criterion.SOBEL, size, DeviceConfig.GTX1080_BUDGET)
                  .policy();
          case RECOMPUTE -> Recompute.ALWAYS;
          case KEEP, RECONSTRUCT -> Recompute.NEVER;
        };
    this.predictedPeak =
        (mode == Mode.RECONSTRUCT
                ? dry.reconstruction(config, size)
                : dry.training(config, Criterion.SOBEL, size, recompute))
            .peak()
            .live();
    long budget = mode == Mode.TRAIN ? DeviceConfig.GTX1080_BUDGET : Long.MAX_VALUE;
    DeviceConfig open =
        DeviceConfig.DEFAULT.withThreads(threads).withBudget(budget).withPrecision(precision);
    this.device = Device.open(name, open);
    this.model = config.build();
    model.place(device, Philox.of(2025, "init"));
    this.adam =
        mode == Mode.RECONSTRUCT
            ? null
            : new Adam(model.parameters(), Adam.Config.adamW(0.2, 0.999, 1e-6));
    this.lossScale = LossScale.of(precision);
    this.mask = MaskPolicy.equispaced(4).draw(width, Philox.of(2025, "mask"));
    this.kspace = random("kspace", 2 * coils * height * width, 1e-5f);
    this.target = random("target", IMAGE * IMAGE, 1e-3f);
  }

  private static float[] random(String purpose, int n, float scale) {
    Philox stream = Philox.of(2025, purpose);
    float[] values = new float[n];
    for (int i = 0; i < n; i++) {
      values[i] = scale * stream.uniform(i);
    }
    return values;
  }

  @Override
  public String name() {
    return mode + " " + size;
  }

  @Override
  public void run() {
    steps++;
    Scope.run(() -> {
      Slice slice =
          new Slice(
              device.tensor(
                  TensorSpec.of(DType.C64, size.coils(), size.height(), size.width()), kspace),
              mask,
              device.tensor(TensorSpec.of(DType.F32, 1, IMAGE, IMAGE), target),
              new SliceContext(1e-3, Anatomy.KNEE, 0, 1));
      if (mode == Mode.RECONSTRUCT) {
        model.reconstruct(slice.kspace(), mask, IMAGE, IMAGE).toFloats();
        return;
      }
      Training training = new Training(2025, steps, steps);
      try (Gradients gradients = new Gradients()) {
        new TrainingStep(model, Criterion.SOBEL, recompute, training, lossScale.value())
            .run(slice, gradients)
            .loss()
            .item();
        if (lossScale.unscale(gradients)) {
          adam.step(gradients, 3e-4);
        }
      }
    });
  }

  /** What the dry run foretold for {@link #ledgerPeak}. */
  public long predictedPeak() {
    return predictedPeak;
  }

  @Override
  public long ledgerPeak() {
    return device.ledger().peak();
  }

  @Override
  public void close() {
    if (adam != null) {
      adam.close();
    }
    model.close();
    device.close();
  }
}
