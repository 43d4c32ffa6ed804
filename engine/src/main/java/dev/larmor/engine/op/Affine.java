package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * {@code scale · x + shift} with constants; the shift of a complex tensor goes to the real part.
 */
public record Affine(double scale, double shift) implements Op {
  /** Multiplication by a constant. */
  public static Affine scale(double factor) {
    return new Affine(factor, 0);
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.floating(this, in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {scale(scale).apply(r.upstream(0))};
  }
}
