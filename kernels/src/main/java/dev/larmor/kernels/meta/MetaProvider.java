package dev.larmor.kernels.meta;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Roofline;
import dev.larmor.kernels.cpu.CpuPlanner;
import dev.larmor.kernels.cuda.CudaPlanner;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Opens {@code meta}, {@code meta:cpu}, {@code meta:<card>} and {@code meta:sm_<capability>}. */
public final class MetaProvider implements BackendProvider {
  private static final Pattern CAPABILITY = Pattern.compile("meta:sm_(\\d{2,3})");

  private static final Set<DType> ALL = EnumSet.allOf(DType.class);

  @Override
  public String devices() {
    return "meta, meta:cpu"
        + Arrays.stream(Card.values())
            .map(Card::device)
            .collect(Collectors.joining(", ", ", ", ", meta:sm_61, ..."));
  }

  @Override
  public boolean provides(String device) {
    return device.equals("meta") || device.startsWith("meta:");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    if (device.equals("meta")) {
      return new MetaBackend(
          device,
          new Capabilities("dry run", ALL, false, Long.MAX_VALUE),
          (op, inputs, outputs) -> 0);
    }
    if (device.equals("meta:cpu")) {
      CpuPlanner cpu = new CpuPlanner(config);
      return new MetaBackend(device, cpu.capabilities(), cpu);
    }
    for (Card card : Card.values()) {
      if (card.device().equals(device)) {
        return open(
            device,
            card.title,
            card.memoryBytes,
            card.roofline,
            new CudaPlanner(card.computeCapability, config.precision()));
      }
    }
    Matcher capability = CAPABILITY.matcher(device);
    if (capability.matches()) {
      int number = Integer.parseInt(capability.group(1));
      return open(
          device,
          "a card of compute capability " + number / 10 + "." + number % 10,
          Long.MAX_VALUE,
          null,
          new CudaPlanner(number, config.precision()));
    }
    throw new DeviceException("unknown dry run '" + device + "': expected one of " + devices());
  }

  private static Backend open(
      String device, String title, long memoryBytes, Roofline roofline, CudaPlanner planner) {
    planner.check(title);
    return new MetaBackend(
        device,
        new Capabilities("dry run of " + title, planner.dtypes(), planner.channelsLast(), memoryBytes, roofline),
        planner);
  }
}
