package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * One step of stochastic gradient descent with momentum in place, on one or more parameters.
 * Inputs, three for each and alike, F32 or C64 of any shape: parameter p, gradient g, velocity v; p
 * and v are updated. The two parts of a complex number are two numbers.
 *
 * <p>As PyTorch has it: g' = g + weightDecay·p, v = momentum·v + g', and p −= rate·v, or with
 * {@code nesterov} p −= rate·(g' + momentum·v). A velocity that starts at zero is g' after the
 * first step.
 */
public record SgdStep(double rate, double momentum, double weightDecay, boolean nesterov)
    implements Op.InPlace {
  /** Inputs for each parameter. */
  private static final int GROUP = 3;

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.parameters(this, in, GROUP, "p, g and v");
    return List.of();
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    // For each float of p seven operations, three floats read and two written.
    return Check.costOfParameters(in, GROUP, 7, 5);
  }
}
