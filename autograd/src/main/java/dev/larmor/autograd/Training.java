package dev.larmor.autograd;

import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import java.util.function.Supplier;

/**
 * The training step in force on this thread, if any. Outside one, models evaluate: dropout does
 * nothing.
 *
 * @param seed the run's seed
 * @param step the optimiser step, counted over the whole run
 * @param sample the sample's number, counted over the whole run and all ranks
 */
public record Training(long seed, long step, long sample) {
  private static final ScopedValue<Training> CURRENT = ScopedValue.newInstance();

  /** Runs {@code body} as part of this training step. */
  public <T> T run(Supplier<T> body) {
    return ScopedValue.where(CURRENT, this).call(body::get);
  }

  /** The step in force, or null when evaluating. */
  public static Training current() {
    return CURRENT.isBound() ? CURRENT.get() : null;
  }

  /**
   * The random stream for {@code purpose} in the module that asks, the same whenever this step is
   * repeated.
   */
  public Philox stream(String purpose) {
    return Philox.of(seed, purpose).with(Scope.path()).with(step).with(sample);
  }
}
