package dev.larmor.engine.op;

import dev.larmor.engine.DType;
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
    Check.that(
        !in.isEmpty() && in.size() % GROUP == 0,
        this,
        "takes p, g, m and v of each parameter, got %d inputs",
        in.size());
    for (int i = 0; i < in.size(); i += GROUP) {
      TensorSpec p = in.get(i);
      Check.that(
          p.dtype() == DType.F32 || p.dtype() == DType.C64,
          this,
          "parameter %d must be F32 or C64: %s",
          i / GROUP,
          p);
      for (TensorSpec other : in.subList(i + 1, i + GROUP)) {
        Check.that(
            other.equals(p),
            this,
            "inputs of parameter %d must have the same dtype and shape: %s, %s",
            i / GROUP,
            p,
            other);
      }
    }
    return List.of();
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    double bytes = 0;
    for (int i = 0; i < in.size(); i += GROUP) {
      bytes += in.get(i).bytes();
    }
    // For each float of p twelve operations, four floats read and three written.
    return new Cost(12 * bytes / Float.BYTES, 7 * bytes);
  }
}
