package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * One step of Adam (Kingma and Ba 2015) in place, on one or more parameters. Inputs, four for each
 * and alike, F32 or C64 of any shape: parameter p, gradient g, first moment m, second moment v; p,
 * m and v are updated. The two parts of a complex number are two numbers.
 *
 * <p>Without {@code decoupled}, {@code weightDecay·p} is added to the gradient; with it p is first
 * multiplied by {@code 1 − rate·weightDecay} (Loshchilov and Hutter 2019). Then m = β1·m +
 * (1−β1)·g, v = β2·v + (1−β2)·g², and p −= rate/(1−β1^step) · m / (sqrt(v)/sqrt(1−β2^step) + eps).
 *
 * @param step counts from 1
 */
public record AdamStep(
    double rate,
    double beta1,
    double beta2,
    double eps,
    double weightDecay,
    boolean decoupled,
    long step)
    implements Op.InPlace {
  /** Inputs for each parameter. */
  private static final int GROUP = 4;

  public AdamStep {
    if (step < 1) {
      throw new IllegalArgumentException("step counts from 1, not " + step);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.parameters(this, in, GROUP, "p, g, m and v");
    return List.of();
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    // For each float of p twelve operations, four floats read and three written.
    return Check.costOfParameters(in, GROUP, 12, 7);
  }
}
