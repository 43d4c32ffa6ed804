package dev.larmor.models.cli;

import dev.larmor.engine.Collective;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.Precision;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where a command computes. */
final class DeviceOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--device",
      defaultValue = "cpu",
      paramLabel = "NAME",
      description =
          "cpu; cuda:0, cuda:1, ... for a card; cuda for the first card, or on many ranks the one of"
              + " this rank's number on its host; auto for a card if one can be used, else cpu; or"
              + " ref for the slow reference (default: ${DEFAULT-VALUE}).")
  String device;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description =
          "Worker threads of the CPU (default: all processors, shared by the ranks of a host).")
  Integer threads;

  @Option(
      names = {"--budget", "--vram"},
      converter = Bytes.class,
      paramLabel = "SIZE",
      description =
          "Most memory the device may hold, as 7.2GiB, or 'gtx1080' for what an 8 GB card leaves"
              + " (default: no limit).")
  Long budget;

  /** Opens the device for images alone. */
  Device open() {
    return open(Precision.FP32);
  }

  /** Opens the device for a network of this precision. */
  Device open(Precision precision) {
    return open(precision, Collective.single());
  }

  /** Opens this rank's device for a network of this precision. */
  Device open(Precision precision, Collective ranks) {
    String name = device.equals("cuda") ? "cuda:" + ranks.localRank() : device;
    return Device.open(name, Larmor.checked(command, this::config).withPrecision(precision));
  }

  /** The same options for another command. */
  List<String> arguments() {
    List<String> arguments = new ArrayList<>(List.of("--device=" + device));
    if (threads != null) {
      arguments.add("--threads=" + threads);
    }
    if (budget != null) {
      arguments.add("--budget=" + budget);
    }
    return arguments;
  }

  private DeviceConfig config() {
    int workers = threads == null ? Larmor.job(command).processors() : threads;
    DeviceConfig config = DeviceConfig.DEFAULT.withThreads(workers);
    return budget == null ? config : config.withBudget(budget);
  }
}
