package dev.larmor.models.cli;

import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.RecomputePlan;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Ledger;
import dev.larmor.engine.Precision;
import dev.larmor.engine.op.Cost;
import dev.larmor.models.loss.Criterion;
import dev.larmor.models.training.DryRun;
import dev.larmor.models.varnet.ModelConfig;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.ToDoubleFunction;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code larmor plan}: what a step costs, without running it. */
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Tell what training and reconstruction cost, without running them.",
      "",
      "A dry run books every byte and counts every operation for a slice and a machine.",
      ""
    },
    sortOptions = false)
final class PlanCommand implements Callable<Integer> {
  /** Modules listed in a table. */
  private static final int ROWS = 14;

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--shape",
      converter = SliceSize.Converter.class,
      defaultValue = "15x640x372",
      paramLabel = "CxHxW",
      description = "The slice: coils x H x W (default: ${DEFAULT-VALUE}).")
  private SliceSize shape;

  @Option(
      names = "--crop",
      defaultValue = "384",
      paramLabel = "N",
      description = "Rows and columns of the image (default: ${DEFAULT-VALUE}).")
  private int crop;

  @Option(
      names = "--card",
      description = "The card to plan for: gtx1080, h200 (default: plan for the CPU).")
  private String card;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = "Plan for cpu or for this machine's card, cuda:0 (default: --card, else cpu).")
  private String device;

  @Option(names = "--threads", description = "Worker threads of the CPU (default: all processors).")
  private Integer threads;

  @Option(
      names = {"--budget", "--vram"},
      converter = Bytes.class,
      paramLabel = "SIZE",
      description = "Memory to fit into (default: gtx1080 for that card, else no limit).")
  private Long budget;

  @Option(
      names = "--criterion",
      defaultValue = "SobelLoss",
      description = "The loss (default: ${DEFAULT-VALUE}).")
  private String criterion;

  @Option(
      names = "--recompute",
      defaultValue = "auto",
      description =
          "auto, always or never recompute stages in the backward pass (default: ${DEFAULT-VALUE}).")
  private RecomputeMode recompute;

  @Override
  public Integer call() {
    String target = target();
    ModelConfig network = Larmor.checked(spec, () -> model.config(null));
    DryRun.Size size =
        Larmor.checked(
            spec, () -> new DryRun.Size(shape.coils(), shape.height(), shape.width(), crop));
    Criterion loss = Larmor.checked(spec, () -> Criterion.named(criterion));
    DeviceConfig machine =
        Larmor.checked(
            spec,
            () ->
                threads == null ? DeviceConfig.DEFAULT : DeviceConfig.DEFAULT.withThreads(threads));
    DryRun dry = new DryRun(target, machine.threads());
    long limit = limit(target);
    print(
        "%s (%,d parameters), %s, slice %s to %dx%d, on %s",
        network.architecture(),
        network.build().parameterCount(),
        model.precision,
        shape,
        crop,
        crop,
        describe(target, network.precision()));
    DryRun.Report step = dry.training(network, loss, size, policy(dry, network, loss, size, limit));
    report("training step (two samples accumulated, then the optimiser's step)", step);
    report("reconstruction", dry.reconstruction(network, size));
    boolean fits = step.peak().live() <= limit;
    if (limit != Long.MAX_VALUE) {
      print("");
      print(
          "the training step %s %s",
          fits ? "fits into" : "does NOT fit into", Ledger.readable(limit));
    }
    return fits ? 0 : Larmor.FAILURE;
  }

  private long limit(String target) {
    if (budget != null) {
      return budget;
    }
    return target.equals("meta:gtx1080") ? DeviceConfig.GTX1080_BUDGET : Long.MAX_VALUE;
  }

  private Recompute policy(
      DryRun dry, ModelConfig network, Criterion loss, DryRun.Size size, long limit) {
    return switch (recompute) {
      case always -> Recompute.ALWAYS;
      case never -> Recompute.NEVER;
      case auto -> {
        RecomputePlan plan = dry.recomputePlan(network, loss, size, limit);
        print(
            "recomputed in the backward pass: %s",
            plan.stages().isEmpty() ? "nothing" : Larmor.names(new TreeSet<>(plan.stages())));
        yield plan.policy();
      }
    };
  }

  private void print(String format, Object... arguments) {
    Larmor.console(spec).line(String.format(Locale.ROOT, format, arguments));
  }

  private String target() {
    if (card != null) {
      return "meta:" + card.toLowerCase(Locale.ROOT);
    }
    if (device == null || device.equals("cpu")) {
      return "meta:cpu";
    }
    try (Device there = Device.open(device)) {
      return there.dryRun();
    } catch (DeviceException e) {
      throw new ParameterException(
          spec.commandLine(),
          "--device " + device + " can not be asked (" + e.getMessage() + "): name a --card");
    }
  }

  private static String describe(String target, Precision precision) {
    try (Device device = Device.open(target, DeviceConfig.DEFAULT.withPrecision(precision))) {
      return device.capabilities().description();
    }
  }

  private void report(String what, DryRun.Report report) {
    print("%n%s", what);
    print("  peak       %12s", Ledger.readable(report.peak().live()));
    for (Ledger.Tag tag : Ledger.Tag.values()) {
      long bytes = report.peak().byTag().getOrDefault(tag, 0L);
      if (bytes > 0) {
        print("  %-10s %12s", tag.name().toLowerCase(Locale.ROOT), Ledger.readable(bytes));
      }
    }
    print("  by module");
    largest(report.bytesByStage(), Long::doubleValue)
        .forEach(e -> print("  %23s  %s", Ledger.readable(e.getValue()), name(e.getKey())));
    Cost work = report.work();
    String time =
        Double.isNaN(report.seconds())
            ? ""
            : String.format(Locale.ROOT, ", at least %.3f s (roofline)", report.seconds());
    print(
        "  work  %.3f TFLOP, %s moved%s",
        work.flop() / 1e12, Ledger.readable((long) work.bytes()), time);
    largest(report.workByStage(), Cost::flop)
        .forEach(e -> print("  %17.3f TFLOP  %s", e.getValue().flop() / 1e12, name(e.getKey())));
  }

  private static String name(String stage) {
    return stage.isEmpty() ? "(no module)" : stage;
  }

  private static <V> List<Map.Entry<String, V>> largest(
      Map<String, V> stages, ToDoubleFunction<V> size) {
    return stages.entrySet().stream()
        .sorted(
            Comparator.comparingDouble(
                    (Map.Entry<String, V> e) -> -size.applyAsDouble(e.getValue()))
                .thenComparing(Map.Entry::getKey))
        .limit(ROWS)
        .toList();
  }
}
