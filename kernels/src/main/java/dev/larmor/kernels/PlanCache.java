package dev.larmor.kernels;

import java.util.LinkedHashMap;
import java.util.function.Function;

/**
 * The plans used last, up to a number; a plan that leaves is closed. Slice widths vary, so an
 * unbounded cache would grow for as long as training goes on.
 *
 * @param <K> what a plan is for
 * @param <P> the plan
 */
public final class PlanCache<K, P extends PlanCache.Plan> implements AutoCloseable {

  /** How to compute one thing, prepared. */
  public interface Plan extends AutoCloseable {
    /** Gives back what was prepared. */
    @Override
    void close();
  }

  private final int capacity;
  private final LinkedHashMap<K, P> plans =
      new LinkedHashMap<>(16, 0.75f, true); // least recently used first

  /** A cache of at most {@code capacity} plans. */
  public PlanCache(int capacity) {
    this.capacity = capacity;
  }

  /** The plan for {@code key}, made if it is not there. */
  public P get(K key, Function<K, P> maker) {
    P plan = plans.get(key);
    if (plan == null) {
      plan = maker.apply(key);
      if (plans.size() == capacity) {
        plans.pollFirstEntry().getValue().close();
      }
      plans.put(key, plan);
    }
    return plan;
  }

  /** Number of plans kept. */
  public int size() {
    return plans.size();
  }

  /** Closes all plans. */
  @Override
  public void close() {
    plans.values().forEach(Plan::close);
    plans.clear();
  }
}
