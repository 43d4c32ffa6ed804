package dev.larmor.autograd;

import dev.larmor.engine.Tensor;

/**
 * Receives gradients as the backward pass finishes them. Accumulation, an all-reduce that overlaps
 * the rest of the backward pass, and optimising in the backward pass all hang on this one call.
 */
@FunctionalInterface
public interface GradSink {
  /**
   * Called once for each parameter, the last layers' first, as soon as no later contribution can
   * come.
   *
   * @param gradient freed after the call unless {@linkplain Tensor#retain retained}
   */
  void complete(Parameter parameter, Tensor gradient);

  /**
   * Called before the last backward pass of a step that has several: what it completes is complete
   * for the step.
   */
  default void lastPass() {}
}
