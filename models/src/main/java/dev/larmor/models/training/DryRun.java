package dev.larmor.models.training;

import dev.larmor.autograd.Adam;
import dev.larmor.autograd.Gradients;
import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.RecomputePlan;
import dev.larmor.autograd.Tape;
import dev.larmor.autograd.Training;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Ledger;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Roofline;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Cost;
import dev.larmor.models.data.Anatomy;
import dev.larmor.models.data.MaskPolicy;
import dev.larmor.models.data.SamplingMask;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.loss.SliceContext;
import dev.larmor.models.training.TrainingStep.Slice;
import dev.larmor.models.varnet.ModelConfig;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/**
 * What a training step or a reconstruction costs, found by running the same code on a {@code meta}
 * device, which books bytes and computes nothing.
 *
 * @param device a {@code meta} device: {@code meta:cpu}, {@code meta:gtx1080}, …
 * @param threads worker threads of the CPU backend it stands for; scratch memory grows with them
 * @param accumulation samples of a training step: from the second on, gradients are held beside
 *     activations
 */
public record DryRun(String device, int threads, int accumulation) {
  /** A dry run of steps that accumulate two samples or more, as published. */
  public DryRun(String device, int threads) {
    this(device, threads, 2);
  }

  /**
   * The size of a slice.
   *
   * @param target rows and columns of the image
   */
  public record Size(int coils, int height, int width, int target) {
    public Size {
      if (coils < 1 || height < 1 || width < 1 || target < 1) {
        throw new IllegalArgumentException(
            "a slice of "
                + coils
                + "x"
                + height
                + "x"
                + width
                + " to an image of "
                + target
                + ": sizes start at 1");
      }
    }
  }

  /**
   * The bill.
   *
   * @param peak who held what when most was held
   * @param bytesByStage the same by stage: the module's name, with its number if it is one of
   *     several
   * @param keptStages the stages that were not recomputed, by module path
   * @param work arithmetic and memory traffic of all ops
   * @param workByStage the work by stage
   * @param seconds the device's roofline time for it, op by op; NaN where its speed is not known
   */
  public record Report(
      Ledger.Bill peak,
      Map<String, Long> bytesByStage,
      Map<String, Tape.KeptStage> keptStages,
      Cost work,
      Map<String, Cost> workByStage,
      double seconds) {}

  /** A training step with accumulated gradients and the optimiser's step. */
  public Report training(ModelConfig model, Criterion criterion, Size size, Recompute recompute) {
    return on(
        model,
        network -> {
          try (Adam adam =
                  new Adam(network.model().parameters(), Adam.Config.adamW(0.9, 0.999, 0));
              Gradients gradients = new Gradients()) {
            Map<String, Tape.KeptStage> stages = new LinkedHashMap<>();
            return Scope.run(() -> {
              slice(network.device(), size); // the next sample, uploaded ahead
              // A second sample meets the first one's gradients; more change nothing.
              for (int sample = 0; sample < Math.min(2, accumulation); sample++) {
                Training training = new Training(0, 0, sample);
                TrainingStep step =
                    new TrainingStep(network.model(), criterion, recompute, training, 0.5);
                Scope.run(() ->
                    stages.putAll(step.run(slice(network.device(), size), gradients).keptStages()));
              }
              adam.step(gradients, 0);
              return stages;
            });
          }
        });
  }

  /** A reconstruction. */
  public Report reconstruction(ModelConfig model, Size size) {
    return on(
        model,
        network -> {
          Scope.run(() -> {
            Slice slice = slice(network.device(), size);
            network.model().reconstruct(slice.kspace(), slice.mask(), size.target, size.target);
          });
          return Map.of();
        });
  }

  /** The fewest stages to recompute for a training step within {@code budgetBytes}. */
  public RecomputePlan recomputePlan(
      ModelConfig model, Criterion criterion, Size size, long budgetBytes) {
    return RecomputePlan.fitting(
        budgetBytes,
        recompute -> {
          Report report = training(model, criterion, size, recompute);
          return new RecomputePlan.Trial(report.peak.live(), report.keptStages);
        });
  }

  private interface Work {
    Map<String, Tape.KeptStage> on(Network network);
  }

  private Report on(ModelConfig model, Work work) {
    DeviceConfig config =
        DeviceConfig.DEFAULT.withThreads(threads).withPrecision(model.precision());
    return measured(
        device,
        config,
        opened -> {
          try (Network network = Network.place(opened, model, 0)) {
            return work.on(network);
          }
        });
  }

  /**
   * What any work costs.
   *
   * @param device a {@code meta} device
   * @param work leaves nothing on the device; says which stages were not recomputed
   */
  public static Report measured(
      String device, DeviceConfig config, Function<Device, Map<String, Tape.KeptStage>> work) {
    try (Device opened = Device.open(device, config)) {
      Roofline roofline = opened.capabilities().roofline();
      Tally tally = new Tally(roofline);
      opened.listen((op, in, out, where) -> tally.add(op.cost(in, out), where));
      opened.ledger().detail(true);
      Map<String, Tape.KeptStage> kept = work.apply(opened);
      Ledger.Bill peak = opened.ledger().peakBill();
      Map<String, Long> bytes = new HashMap<>();
      peak.byModule().forEach((where, held) -> bytes.merge(stage(where), held, Long::sum));
      return new Report(
          peak,
          Map.copyOf(bytes),
          Map.copyOf(kept),
          tally.total,
          Map.copyOf(tally.byStage),
          tally.seconds);
    }
  }

  /** {@code feature_cascades.3} of {@code feature_cascades.3.unet.down.0}. */
  private static String stage(String where) {
    String[] names = where.split("\\.", 3);
    boolean numbered = names.length > 1 && names[1].chars().allMatch(Character::isDigit);
    return numbered ? names[0] + "." + names[1] : names[0];
  }

  private static final class Tally {
    private final Roofline roofline;
    private final Map<String, Cost> byStage = new HashMap<>();
    private Cost total = new Cost(0, 0);
    private double seconds;

    Tally(Roofline roofline) {
      this.roofline = roofline;
      this.seconds = roofline == null ? Double.NaN : 0;
    }

    void add(Cost cost, String where) {
      total = total.plus(cost);
      byStage.merge(stage(where), cost, Cost::plus);
      if (roofline != null) {
        seconds += roofline.seconds(cost);
      }
    }
  }

  private static Slice slice(Device device, Size size) {
    Tensor kspace =
        device.empty(Slice.kspaceSpec(size.coils, size.height, size.width), Tag.TEMPORARY);
    Tensor target = device.empty(Slice.targetSpec(size.target), Tag.TEMPORARY);
    SamplingMask mask = MaskPolicy.equispaced(4).draw(size.width, Philox.of(0, "mask"));
    return new Slice(kspace, mask, target, new SliceContext(1, Anatomy.BRAIN, 0, 1));
  }
}
