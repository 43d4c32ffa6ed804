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
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Cost;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The published FI-VarNet's training step – upload, forward, SobelLoss, backward, the loss read
 * back, AdamW – or its reconstruction of a slice, from upload to download.
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

  /** How slices of one size are run. */
  private record Plan(Recompute recompute, long peak) {}

  private final Mode mode;
  private final int accumulation;
  private final List<DryRun.Size> sizes;
  private final Device device;
  private final ReconstructionModel model;
  private final Adam adam;
  private final LossScale lossScale;
  private final Map<DryRun.Size, Plan> plans = new HashMap<>();
  private final Map<DryRun.Size, List<Cost>> ops = new HashMap<>();
  private final Arena host = Arena.ofShared();
  private final MemorySegment kspace;
  private final MemorySegment target;
  private Slice ahead;
  private long samples;

  /**
   * Makes the model and random slices.
   *
   * @param accumulation samples of a training step
   * @param sizes of the slices that will be run
   */
  public TimedModel(
      Mode mode,
      Precision precision,
      int accumulation,
      String deviceName,
      int threads,
      List<DryRun.Size> sizes) {
    this.mode = mode;
    this.accumulation = accumulation;
    this.sizes = List.copyOf(sizes);
    long budget = mode == Mode.TRAIN ? DeviceConfig.GTX1080_BUDGET : Long.MAX_VALUE;
    this.device =
        Device.open(
            deviceName,
            DeviceConfig.DEFAULT.withThreads(threads).withBudget(budget).withPrecision(precision));
    FiVarNet.Config network = published(precision);
    DryRun dry = new DryRun(device.dryRun(), threads, accumulation);
    for (DryRun.Size size : sizes) {
      plans.put(size, plan(dry, mode, network, size));
    }
    this.model = network.build();
    model.place(device, Philox.of(2025, "init"));
    this.adam =
        mode == Mode.RECONSTRUCT
            ? null
            : new Adam(model.parameters(), Adam.Config.adamW(0.2, 0.999, 1e-6));
    this.lossScale = LossScale.of(precision);
    this.kspace =
        random("kspace", 2 * sizes.stream().mapToLong(TimedModel::points).max().orElse(0), 1e-5);
    long pixels = sizes.stream().mapToLong(s -> (long) s.target() * s.target()).max().orElse(0);
    this.target = random("target", pixels, 1e-3);
  }

  /** The published network. */
  static FiVarNet.Config published(Precision precision) {
    FiVarNet.Config d = FiVarNet.Config.DEFAULT;
    return new FiVarNet.Config(
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
  }

  private static Plan plan(DryRun dry, Mode mode, FiVarNet.Config network, DryRun.Size size) {
    Recompute recompute =
        switch (mode) {
          case TRAIN ->
              dry.recomputePlan(network, Criterion.SOBEL, size, DeviceConfig.GTX1080_BUDGET)
                  .policy();
          case RECOMPUTE -> Recompute.ALWAYS;
          case KEEP, RECONSTRUCT -> Recompute.NEVER;
        };
    DryRun.Report report =
        mode == Mode.RECONSTRUCT
            ? dry.reconstruction(network, size)
            : dry.training(network, Criterion.SOBEL, size, recompute);
    return new Plan(recompute, report.peak().live());
  }

  private static long points(DryRun.Size size) {
    return (long) size.coils() * size.height() * size.width();
  }

  private MemorySegment random(String purpose, long n, double scale) {
    Philox stream = Philox.of(2025, purpose);
    MemorySegment values = host.allocate(n * Float.BYTES, 64);
    for (long i = 0; i < n; i++) {
      values.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (scale * stream.uniform(i)));
    }
    return values;
  }

  @Override
  public String name() {
    return mode + " " + sizes.getFirst();
  }

  @Override
  public void run() {
    run(sizes.getFirst());
  }

  /** Runs a slice of this size, or as many as a training step accumulates. */
  public void run(DryRun.Size size) {
    if (!ops.containsKey(size)) {
      List<Cost> first = new ArrayList<>();
      ops.put(size, first);
      device.listen((op, in, out, where) -> first.add(op.cost(in, out)));
    }
    if (mode == Mode.RECONSTRUCT) {
      Scope.run(() -> {
        Tensor image =
            model.reconstruct(kspace(size), mask(size.width()), size.target(), size.target());
        return image.toFloats();
      });
    } else {
      train(size);
    }
    device.synchronize();
    device.listen(null);
  }

  private void train(DryRun.Size size) {
    Recompute recompute = plans.get(size).recompute();
    double scale = lossScale.value() / accumulation;
    try (Gradients gradients = new Gradients()) {
      for (int i = 0; i < accumulation; i++) {
        Training training = new Training(2025, samples / accumulation, samples);
        samples++;
        try (Slice slice = next(size)) {
          Scope.run(() ->
              new TrainingStep(model, Criterion.SOBEL, recompute, training, scale)
                  .run(slice, gradients)
                  .loss()
                  .item());
        }
      }
      if (lossScale.unscale(gradients)) {
        adam.step(gradients, 3e-4);
      }
    }
  }

  /** A slice, while the one after it is on its way to the device, as in training. */
  private Slice next(DryRun.Size size) {
    Slice slice = ahead;
    if (slice != null && !slice.kspace().spec().equals(kspaceSpec(size))) {
      slice.close(); // slices of another size come now
      slice = null;
    }
    if (slice == null) {
      slice = upload(size);
    }
    ahead = upload(size);
    return slice;
  }

  private Slice upload(DryRun.Size size) {
    return Scope.run(() ->
        new Slice(
                kspace(size),
                mask(size.width()),
                device.tensor(TensorSpec.of(DType.F32, 1, size.target(), size.target()), target),
                new SliceContext(1e-3, Anatomy.KNEE, 0, 1))
            .unscoped());
  }

  private static TensorSpec kspaceSpec(DryRun.Size size) {
    return TensorSpec.of(DType.C64, size.coils(), size.height(), size.width());
  }

  private Tensor kspace(DryRun.Size size) {
    return device.tensor(kspaceSpec(size), kspace);
  }

  private static SamplingMask mask(int width) {
    return MaskPolicy.equispaced(4).draw(width, Philox.of(2025, "mask"));
  }

  /** The ops of a run on a slice of this size, known after the first. */
  public List<Cost> ops(DryRun.Size size) {
    return List.copyOf(ops.getOrDefault(size, List.of()));
  }

  @Override
  public double leastSeconds() {
    List<Cost> known = ops(sizes.getFirst());
    return device.capabilities().roofline() == null || known.isEmpty()
        ? Double.NaN
        : Limit.seconds(device.capabilities().roofline(), known);
  }

  /** What the dry run foretold for the ledger's peak. */
  public long predictedPeak() {
    return plans.values().stream().mapToLong(Plan::peak).max().orElse(0);
  }

  @Override
  public Device device() {
    return device;
  }

  @Override
  public void close() {
    if (ahead != null) {
      ahead.close();
    }
    if (adam != null) {
      adam.close();
    }
    model.close();
    device.close();
    host.close();
  }
}
