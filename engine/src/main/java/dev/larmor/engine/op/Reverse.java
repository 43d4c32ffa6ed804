package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;

/**
 * What a reverse rule sees: the upstream gradients and the tensors it asked to keep by {@link
 * Op#reads}.
 */
public interface Reverse {
  /** Input {@code i}; only if {@link Reads} named it. */
  Tensor input(int i);

  /** Output {@code i}; only if {@link Reads} named it. */
  Tensor output(int i);

  TensorSpec inputSpec(int i);

  int inputs();

  /** Whether the gradient of input {@code i} is wanted. */
  boolean wants(int i);

  /**
   * Gradient of the loss with respect to output {@code i}, or null if the loss does not depend on
   * it.
   */
  Tensor upstreamOrNull(int i);

  /**
   * Gradient of the loss with respect to output {@code i}, zeros if the loss does not depend on it.
   */
  Tensor upstream(int i);
}
