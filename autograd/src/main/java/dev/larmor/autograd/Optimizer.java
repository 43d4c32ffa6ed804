package dev.larmor.autograd;

import dev.larmor.engine.Tensor;
import java.util.List;
import java.util.Map;

/**
 * Changes parameters by their gradients. Its state lives beside the parameters, on their device,
 * until it is closed; frozen parameters have none.
 */
public interface Optimizer extends AutoCloseable {
  /** The settings that stay the same over a run; two of the same text are the same. */
  interface Config {
    /** Makes the state, on the parameters' device. */
    Optimizer over(List<Parameter> parameters);
  }

  /** Steps taken so far. */
  long steps();

  /** Continues a count of steps, as from a checkpoint. */
  void steps(long taken);

  /** The state to save and restore beside the count, each tensor under a name of its own. */
  Map<String, Tensor> state();

  /**
   * One step with learning rate {@code rate}.
   *
   * @throws IllegalStateException if a parameter that is not frozen has no gradient
   */
  void step(Gradients gradients, double rate);

  @Override
  void close();
}
