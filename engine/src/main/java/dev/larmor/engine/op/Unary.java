package dev.larmor.engine.op;

import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/** A real function of each element. */
public record Unary(Function function) implements Op {
  /** The functions; the derivative of ABS at 0 is 0. */
  public enum Function {
    ABS,
    SQUARE,
    SQRT,
    /** 1/sqrt(x). */
    RSQRT,
    EXP,
    LOG
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.real(this, in.getFirst());
    return in;
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad(function).apply(r.upstream(0), r.input(0))};
  }

  /** {@code g · f'(x)}. Inputs: g, x. */
  public record Grad(Function function) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 2);
      Check.real(this, in.get(0));
      Check.same(this, in.get(0), in.get(1));
      return List.of(in.get(0));
    }
  }
}
