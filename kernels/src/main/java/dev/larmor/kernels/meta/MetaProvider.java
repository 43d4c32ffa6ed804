package dev.larmor.kernels.meta;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.Capabilities;
import dev.larmor.engine.DType;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Precision;
import dev.larmor.kernels.cpu.CpuPlanner;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;

/** Opens {@code meta}, {@code meta:cpu} and {@code meta:<card>}. */
public final class MetaProvider implements BackendProvider {
  private static final Set<DType> ALL = EnumSet.allOf(DType.class);

  @Override
  public String devices() {
    return "meta, meta:cpu"
        + Arrays.stream(Card.values())
            .map(Card::device)
            .collect(Collectors.joining(", ", ", ", ""));
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
        return open(card, config);
      }
    }
    throw new DeviceException("unknown dry run '" + device + "': expected one of " + devices());
  }

  private static Backend open(Card card, DeviceConfig config) {
    if (config.precision() == Precision.TF32 && !card.hasTf32()) {
      throw new DeviceException(
          "the %s has no TF32, which came with compute capability 8.0: use fp32 or fp16"
              .formatted(card.title));
    }
    return new MetaBackend(
        card.device(),
        new Capabilities(
            "dry run of " + card.title, card.dtypes(), false, card.memoryBytes, card.roofline),
        new CardWorkspace());
  }
}
