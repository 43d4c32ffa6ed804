package dev.larmor.models.cli;

import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.Device;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Ledger;
import java.util.List;
import java.util.ServiceLoader;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code larmor info}: what there is to compute on. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    description = "Tell what there is to compute on: devices, precisions, memory, versions.")
final class InfoCommand implements Callable<Integer> {
  private static final String INDENT = " ".repeat(9);

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Console console = Larmor.console(spec);
    console.line("larmor   " + Version.number());
    console.line("java     " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")");
    console.line(
        "system   %s %s, %d processors"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors()));
    for (String name : List.of("cpu", "ref")) {
      console.line("%-8s %s".formatted(name, describe(name)));
    }
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class)) {
      tellOfCards(provider, console);
    }
    return 0;
  }

  private static String describe(String name) {
    try (Device device = Device.open(name)) {
      Capabilities can = device.capabilities();
      String memory =
          can.memoryBytes() == Long.MAX_VALUE
              ? ""
              : System.lineSeparator() + INDENT + "memory " + Ledger.readable(can.memoryBytes());
      return can.description() + System.lineSeparator() + INDENT + types(can) + memory;
    } catch (DeviceException e) {
      return "not usable: " + e.getMessage();
    }
  }

  /** Each card with what its driver says, and whether it can be used; or why there is none. */
  private static void tellOfCards(BackendProvider provider, Console console) {
    try {
      provider
          .found()
          .forEach((name, line) -> {
            console.line("%-8s %s".formatted(name, line));
            console.line(INDENT + use(name));
          });
    } catch (DeviceException e) {
      console.line("%-8s not usable: %s".formatted(provider.devices(), e.getMessage()));
    }
  }

  private static String use(String name) {
    try (Device device = Device.open(name)) {
      return types(device.capabilities());
    } catch (DeviceException | OutOfMemoryError e) {
      return "not usable: " + e.getMessage();
    }
  }

  private static String types(Capabilities can) {
    return "computes in " + Larmor.names(new TreeSet<>(can.dtypes()));
  }
}
