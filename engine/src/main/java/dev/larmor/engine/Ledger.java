package dev.larmor.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Every byte a device holds, by purpose and by the module that asked for it, against a hard budget.
 *
 * <p>{@code live} bytes belong to tensors and workspaces, {@code cached} bytes wait in the {@link
 * Pool}. The budget bounds their sum; {@code peak} is the largest sum of live bytes seen, so it
 * does not depend on what the pool happened to keep.
 */
public final class Ledger {
  /** What memory is for. */
  public enum Tag {
    PARAMETER,
    GRADIENT,
    OPTIMIZER,
    /** Activations that a reverse rule will read. */
    SAVED,
    TEMPORARY,
    WORKSPACE
  }

  /** The state at one moment: bytes by tag, and by module path. */
  public record Bill(
      long live, long cached, long budget, Map<Tag, Long> byTag, Map<String, Long> byModule) {
    public Bill {
      byTag = Map.copyOf(byTag);
      byModule = Map.copyOf(byModule);
    }

    /** A table for people, the largest modules first. */
    @Override
    public String toString() {
      StringBuilder s = new StringBuilder();
      s.append("held ")
          .append(readable(live))
          .append(" live + ")
          .append(readable(cached))
          .append(" cached");
      if (budget != Long.MAX_VALUE) {
        s.append(" of a budget of ").append(readable(budget));
      }
      for (Tag tag : Tag.values()) {
        long bytes = byTag.getOrDefault(tag, 0L);
        if (bytes > 0) {
          s.append(
              String.format(
                  Locale.ROOT,
                  "%n  %-10s %12s",
                  tag.name().toLowerCase(Locale.ROOT),
                  readable(bytes)));
        }
      }
      List<Map.Entry<String, Long>> modules = new ArrayList<>(byModule.entrySet());
      modules.sort(
          Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
              .thenComparing(Map.Entry::getKey));
      for (Map.Entry<String, Long> e : modules.subList(0, Math.min(8, modules.size()))) {
        String where = e.getKey().isEmpty() ? "(no module)" : e.getKey();
        s.append(String.format(Locale.ROOT, "%n  %12s at %s", readable(e.getValue()), where));
      }
      return s.toString();
    }
  }

  private final long budget;
  private final EnumMap<Tag, Long> byTag = new EnumMap<>(Tag.class);
  private final Map<String, Long> byModule = new HashMap<>();
  private long live;
  private long cached;
  private long peak;
  private Map<Tag, Long> peakByTag = Map.of();
  private boolean detailed;
  private Map<String, Long> peakByModule = Map.of();

  Ledger(long budget) {
    this.budget = budget;
  }

  /**
   * Also remember, from now on, which modules held what at the peak; costs a copy of the table at
   * every new peak.
   */
  public void detail(boolean on) {
    detailed = on;
  }

  /** Bytes that tensors and workspaces hold now. */
  public long live() {
    return live;
  }

  /** Bytes held now for one purpose. */
  public long live(Tag tag) {
    return byTag.getOrDefault(tag, 0L);
  }

  /** Bytes waiting for reuse. */
  public long cached() {
    return cached;
  }

  /** Most live bytes since the last {@link #resetPeak}. */
  public long peak() {
    return peak;
  }

  public long budget() {
    return budget;
  }

  /** Starts a new peak from what is live now. */
  public void resetPeak() {
    peak = 0;
    notePeak();
  }

  /** Who holds what now. */
  public Bill bill() {
    return new Bill(live, cached, budget, byTag, byModule);
  }

  /** Who held what at the peak; by module only if {@link #detail} was on. */
  public Bill peakBill() {
    return new Bill(peak, 0, budget, peakByTag, peakByModule);
  }

  void charge(Tag tag, String where, long bytes) {
    live += bytes;
    byTag.merge(tag, bytes, Long::sum);
    byModule.merge(where, bytes, Long::sum);
    notePeak();
  }

  void credit(Tag tag, String where, long bytes) {
    live -= bytes;
    byTag.merge(tag, -bytes, Long::sum);
    byModule.compute(
        where, (k, held) -> held == null || held == bytes ? null : (Long) (held - bytes));
  }

  void retag(Tag from, Tag to, long bytes) {
    byTag.merge(from, -bytes, Long::sum);
    byTag.merge(to, bytes, Long::sum);
  }

  void cached(long change) {
    cached += change;
  }

  private void notePeak() {
    if (live > peak) {
      peak = live;
      peakByTag = Map.copyOf(byTag);
      if (detailed) {
        peakByModule = Map.copyOf(byModule);
      }
    }
  }

  /** Bytes as people read them: {@code 7.20 GiB}. */
  public static String readable(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.2f %s", value, units[unit]);
  }
}
