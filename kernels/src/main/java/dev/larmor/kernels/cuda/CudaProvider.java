package dev.larmor.kernels.cuda;

import dev.larmor.engine.Backend;
import dev.larmor.engine.BackendProvider;
import dev.larmor.engine.DeviceConfig;
import dev.larmor.engine.DeviceException;
import dev.larmor.engine.Ledger;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Opens {@code cuda:0}, {@code cuda:1}, …; {@code cuda} is the first. */
public final class CudaProvider implements BackendProvider {
  private static final Pattern NAME = Pattern.compile("cuda(?::(\\d{1,3}))?");

  @Override
  public String devices() {
    return "cuda:0";
  }

  @Override
  public boolean provides(String device) {
    return device.equals("cuda") || device.startsWith("cuda:");
  }

  @Override
  public Map<String, String> found() {
    int count = Cards.count();
    Map<String, String> cards = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      CardFacts card = Cards.facts(i);
      cards.put("cuda:" + i, card + ", " + memory(i, card));
    }
    return cards;
  }

  /** A card that others have filled up has no room for the context that the question needs. */
  private static String memory(int index, CardFacts card) {
    String memory = Ledger.readable(card.memoryBytes());
    try {
      return memory + ", " + Ledger.readable(Cards.freeBytes(index)) + " free";
    } catch (DeviceException _) {
      return memory + ", none free";
    }
  }

  @Override
  public Backend open(String device, DeviceConfig config) {
    Matcher name = NAME.matcher(device);
    if (!name.matches()) {
      throw new DeviceException("'" + device + "' names no card: cuda:0 is the first");
    }
    return open(name.group(1) == null ? 0 : Integer.parseInt(name.group(1)), config);
  }

  private static Backend open(int index, DeviceConfig config) {
    String name = "cuda:" + index;
    int count = Cards.count();
    if (index >= count) {
      throw new DeviceException(
          "there is no "
              + name
              + ": this machine has "
              + (count == 1
                  ? "one card, cuda:0"
                  : count + " cards, cuda:0 to cuda:" + (count - 1)));
    }
    Cuda cuda = new JCudaCard(index);
    try {
      checkBudget(name, cuda.driver(), config);
      return new CudaBackend(name, cuda, config);
    } catch (RuntimeException | Error e) {
      cuda.close();
      throw e;
    }
  }

  /**
   * Refuses a budget that the card can not give now, rather than fail in the middle of a run.
   *
   * @throws DeviceException with what is free
   */
  static void checkBudget(String name, Driver driver, DeviceConfig config) {
    long budget = config.budgetBytes();
    long free = driver.freeBytes();
    if (budget == Long.MAX_VALUE || budget <= free) {
      return;
    }
    CardFacts card = driver.card();
    throw new DeviceException(
        "the budget of %s is more than the %s that are free on %s (%s of %s)%s"
            .formatted(
                Ledger.readable(budget),
                Ledger.readable(free),
                name,
                card.name(),
                Ledger.readable(card.memoryBytes()),
                budget <= card.memoryBytes() ? ": another process holds the rest" : ""));
  }
}
