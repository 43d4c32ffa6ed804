package dev.larmor.autograd;

import dev.larmor.engine.Precision;

/**
 * What the loss is multiplied by before the backward pass, so that small gradients of {@link
 * Precision#FP16} feature maps do not vanish (Micikevicius et al., "Mixed precision training",
 * 2018): 65536 at first, halved when a gradient is not finite, doubled after 2000 steps without.
 * Always a power of two, so dividing by it changes no bit. In other precisions it is 1 and stays
 * so.
 */
public final class LossScale {
  /** Steps without an overflow after which the scale is doubled. */
  public static final int STEPS_TO_GROW = 2000;

  private static final double FIRST = 0x1p16;
  private static final double LEAST = 0x1p-16;

  /**
   * What to save and restore.
   *
   * @param value the scale of the next step
   * @param goodSteps steps since the scale changed last
   * @param skipped steps skipped so far
   */
  public record State(double value, long goodSteps, long skipped) {}

  private final boolean dynamic;
  private State state;

  private LossScale(boolean dynamic) {
    this.dynamic = dynamic;
    this.state = new State(dynamic ? FIRST : 1, 0, 0);
  }

  /** The scale at the start of a training run in {@code precision}. */
  public static LossScale of(Precision precision) {
    return new LossScale(precision == Precision.FP16);
  }

  /** Whether the scale adapts itself; otherwise it is 1, and there is no state worth saving. */
  public boolean isDynamic() {
    return dynamic;
  }

  /** What to multiply the loss of the next step by. */
  public double value() {
    return state.value;
  }

  /** Steps skipped so far. */
  public long skipped() {
    return state.skipped;
  }

  /** Whether so many steps were skipped one after the other that no scale will help. */
  public boolean isExhausted() {
    return state.value < LEAST;
  }

  public State state() {
    return state;
  }

  /** Continues from a state, as from a checkpoint. */
  public void restore(State saved) {
    state = saved;
  }

  /**
   * Divides the gradients of a step by its scale, and chooses the next step's.
   *
   * @return false if a gradient is not finite: the gradients are as they were, and the step must be
   *     skipped
   */
  public boolean unscale(Gradients gradients) {
    if (!dynamic) {
      return true;
    }
    // Finite gradients whose squares add up to infinity are taken for an overflow too.
    if (!Double.isFinite(gradients.norm())) {
      state = new State(state.value / 2, 0, state.skipped + 1);
      return false;
    }
    gradients.scale(1 / state.value);
    boolean grows = state.goodSteps + 1 == STEPS_TO_GROW;
    state =
        grows
            ? new State(2 * state.value, 0, state.skipped)
            : new State(state.value, state.goodSteps + 1, state.skipped);
    return true;
  }
}
