package dev.larmor.bench;

import dev.larmor.engine.Capabilities;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;
import dev.larmor.models.fivarnet.FiVarNet;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.training.DryRun;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The published model as the GTX 1080 suites run it: on the card that {@code -Dlarmor.device} names
 * ({@code cuda:0}), or, where that does not open, by the dry run of a GTX 1080. A training step is
 * what it is in the published training, two samples accumulated; its time is told for one of them.
 */
final class Gtx1080Run implements AutoCloseable {
  private static final String DRY_RUN = "meta:gtx1080";
  private static final int ACCUMULATION = 2;

  /** Of PCI Express 3.0 x16, which a GTX 1080 is attached by. */
  private static final double HOST_BYTES_PER_SECOND = 15.75e9;

  private final TimedModel.Mode mode;
  private final Precision precision;
  private final Capabilities gtx1080;

  /** Null where the figures are modelled. */
  private final TimedModel work;

  private final Map<DryRun.Size, DryRun.Report> modelled = new HashMap<>();
  private final Map<DryRun.Size, List<Double>> seconds = new HashMap<>();
  private boolean measuring;

  /**
   * Opens the card or does the dry run.
   *
   * @param sizes of the slices that will be run
   */
  Gtx1080Run(TimedModel.Mode mode, Precision precision, List<DryRun.Size> sizes) {
    this.mode = mode;
    this.precision = precision;
    try (Device device = Device.open(DRY_RUN)) {
      gtx1080 = device.capabilities();
    }
    work = open(sizes);
    if (work == null) {
      DryRun dry = new DryRun(DRY_RUN, threads(), samples());
      sizes.forEach(size -> modelled.put(size, report(dry, size)));
    }
  }

  private TimedModel open(List<DryRun.Size> sizes) {
    String device = System.getProperty("larmor.device", "cuda:0");
    if (device.equals(DRY_RUN)) {
      return null;
    }
    try {
      return new TimedModel(mode, precision, samples(), device, threads(), sizes);
    } catch (DeviceException e) {
      System.out.printf("%nno card to measure on: %s%n", e.getMessage());
      return null;
    }
  }

  private DryRun.Report report(DryRun dry, DryRun.Size size) {
    FiVarNet.Config network = TimedModel.published(precision);
    if (mode == TimedModel.Mode.RECONSTRUCT) {
      return dry.reconstruction(network, size);
    }
    long budget = DeviceConfig.GTX1080_BUDGET;
    return dry.training(
        network,
        Criterion.SOBEL,
        size,
        dry.recomputePlan(network, Criterion.SOBEL, size, budget).policy());
  }

  private static int threads() {
    return DeviceConfig.DEFAULT.threads();
  }

  private int samples() {
    return mode == TimedModel.Mode.RECONSTRUCT ? 1 : ACCUMULATION;
  }

  boolean isModelled() {
    return work == null;
  }

  /** Whether the times of the runs to come count. */
  void measure(boolean on) {
    measuring = on;
  }

  /** Runs a slice or a step once; does nothing where it is modelled. */
  void run(DryRun.Size size) {
    if (work == null) {
      return;
    }
    long start = System.nanoTime();
    work.run(size);
    double each = (System.nanoTime() - start) * 1e-9 / samples();
    if (measuring) {
      seconds.computeIfAbsent(size, _ -> new ArrayList<>()).add(each);
    }
  }

  /**
   * Seconds for a sample: the median of the runs that count, or the least that a GTX 1080 can take.
   */
  double seconds(DryRun.Size size) {
    if (work != null) {
      return Median.of(seconds.get(size));
    }
    double points = (double) size.coils() * size.height() * size.width();
    double hostBytes = 8 * points + 4.0 * size.target() * size.target();
    return modelled.get(size).seconds() / samples() + hostBytes / HOST_BYTES_PER_SECOND;
  }

  /** Most bytes live at once, by the ledger or by the dry run. */
  long peak() {
    return work != null
        ? work.device().ledger().peak()
        : modelled.values().stream().mapToLong(r -> r.peak().live()).max().orElse(0);
  }

  /** What the dry run foretold for {@link #peak}. */
  long predictedPeak() {
    return work != null ? work.predictedPeak() : peak();
  }

  /** Starts a new peak. */
  void resetPeak() {
    if (work != null) {
      work.device().ledger().resetPeak();
    }
  }

  /** What the driver says is taken of the card. */
  OptionalLong driverBytes() {
    return work == null ? OptionalLong.empty() : CardMemory.used(work.device().name());
  }

  /** A GTX 1080's limit of time for this work, as it is on the card in use. */
  Limit onThisCard(Limit limit, DryRun.Size size) {
    return work == null
        ? limit
        : limit.on(
            work.device().capabilities().roofline(), gtx1080.roofline(), precision, work.ops(size));
  }

  /** A figure of this run beside a GTX 1080's limit, which is none for a device that is no card. */
  Limit.Verdict verdict(Limit limit, double figure) {
    if (work == null) {
      return limit.modelled(figure, where());
    }
    boolean isCard = work.device().capabilities().roofline() != null;
    Limit applies = isCard ? limit : Limit.none(limit.what(), limit.unit());
    return applies.measured(figure, where());
  }

  /** What the figures are of. */
  String where() {
    return work == null ? gtx1080.description() : work.device().capabilities().description();
  }

  @Override
  public void close() {
    if (work != null) {
      work.close();
    }
  }
}
