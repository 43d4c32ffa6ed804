package dev.larmor.models.cli;

import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Ledger;
import dev.larmor.engine.Ledger.Tag;
import dev.larmor.models.simclr.SimClr;
import dev.larmor.models.simclr.StepPlan;
import dev.larmor.models.simclr.StepPlan.Choice;
import dev.larmor.models.training.DryRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code larmor ssl plan-step}. */
@Command(
    name = "plan-step",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = {
      "Tell what a step of the pre-training costs, without running it.",
      "",
      "A dry run books every byte and counts every operation: for each size of memory the most pairs"
          + " of views that go through the network together, what is held when most is held, the"
          + " step's work and the least time that a card needs for it.",
      ""
    },
    sortOptions = false)
final class SslPlanStepCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--batch-size",
      defaultValue = "120",
      paramLabel = "N",
      description = "Pairs of views in a step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--view-size",
      defaultValue = "160",
      paramLabel = "N",
      description = "Voxels of a view along each axis (default: ${DEFAULT-VALUE}).")
  private int side;

  @Option(
      names = "--card",
      defaultValue = "h200",
      paramLabel = "NAME",
      description = "Whose kernels and speed: h200, gtx1080 or cpu (default: ${DEFAULT-VALUE}).")
  private String card;

  @Option(
      names = "--memory",
      split = ",",
      defaultValue = "8GB,24GB,80GB",
      converter = Bytes.class,
      hideParamSyntax = true,
      paramLabel = "SIZE[,SIZE...]",
      description = "Sizes of memory to fit into (default: ${DEFAULT-VALUE}).")
  private List<Long> memories;

  @Mixin private ChunkOptions chunks;
  @Mixin private EncoderOptions encoder;

  @Override
  public Integer call() {
    SimClr.Config usual = SimClr.Config.DEFAULT;
    SimClr.Config network =
        Larmor.checked(
            spec, () -> new SimClr.Config(encoder.config(1), usual.hidden(), usual.embedding()));
    StepPlan plan =
        Larmor.checked(
            spec,
            () -> {
              chunks.check();
              return new StepPlan(
                  "meta:" + card.toLowerCase(Locale.ROOT),
                  DeviceConfig.DEFAULT.threads(),
                  network,
                  side,
                  batch);
            });
    Console console = Larmor.console(spec);
    console.line(
        "%s, %s, %d pairs of views of %d voxels a side, %s"
            .formatted(
                parameters(network), encoder.precision().label(), batch, side, described(plan)));
    for (long memory : memories) {
      console.line("");
      Optional<Choice> choice = chunks.fitting(plan, memory);
      if (choice.isEmpty()) {
        console.line(Ledger.readable(memory) + ": not even one pair fits");
      } else {
        lines(memory, choice.get()).forEach(console::line);
      }
    }
    return 0;
  }

  private static String parameters(SimClr.Config network) {
    try (SimClr model = new SimClr(network)) {
      return String.format(Locale.ROOT, "%,d parameters", model.parameterCount());
    }
  }

  private String described(StepPlan plan) {
    DeviceConfig config = DeviceConfig.DEFAULT.withPrecision(encoder.precision());
    try (Device device = Device.open(plan.device(), config)) {
      return device.capabilities().description();
    }
  }

  private static List<String> lines(long memory, Choice choice) {
    List<String> lines = new ArrayList<>();
    DryRun.Report report = choice.report();
    lines.add(Ledger.readable(memory) + ": " + ChunkOptions.text(choice));
    for (Tag tag : Tag.values()) {
      long bytes = report.peak().byTag().getOrDefault(tag, 0L);
      if (bytes > 0) {
        lines.add(
            "  %-10s %12s".formatted(tag.name().toLowerCase(Locale.ROOT), Ledger.readable(bytes)));
      }
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "  work %.1f TFLOP, %s moved%s",
            report.work().flop() / 1e12,
            Ledger.readable((long) report.work().bytes()),
            Double.isNaN(report.seconds())
                ? ""
                : String.format(Locale.ROOT, ", at least %.1f s (roofline)", report.seconds())));
    return lines;
  }
}
