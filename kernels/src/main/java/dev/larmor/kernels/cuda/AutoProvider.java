package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.kernels.cpu.CpuProvider;

/**
 * Opens {@code auto}: the first card that can be used and has the precision, else {@code cpu}. The
 * name of what was opened tells which; {@code larmor info} tells why a card can not be used.
 */
public final class AutoProvider implements BackendProvider {
  @Override
  public String devices() {
    return "auto";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("auto");
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    CudaProvider cards = new CudaProvider();
    int count;
    try {
      count = Cards.count();
    } catch (DeviceException _) {
      count = 0;
    }
    for (int i = 0; i < count; i++) {
      try {
        Backend card = cards.open("cuda:" + i, config);
        if (card.capabilities().dtypes().contains(config.precision().features())) {
          return card;
        }
        card.close();
      } catch (DeviceException | OutOfMemoryError _) {
        // The next one, or the processor.
      }
    }
    return new CpuProvider().open("cpu", config);
  }
}
