package dev.larmor.autograd;

import java.util.Set;

/**
 * Which checkpointed stages are run again in the backward pass instead of keeping their
 * activations.
 */
@FunctionalInterface
public interface Recompute {
  /** Keep everything: fastest, most memory. */
  Recompute NEVER = stage -> false;

  /** Run every stage again: least memory, about a third more work. */
  Recompute ALWAYS = stage -> true;

  /** Whether the stage with this module path is recomputed. */
  boolean recompute(String stage);

  /** Recompute exactly these stages. */
  static Recompute only(Set<String> stages) {
    return Set.copyOf(stages)::contains;
  }
}
