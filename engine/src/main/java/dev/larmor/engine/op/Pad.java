package dev.larmor.engine.op;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Extends the last axes, {@code before} and {@code after} elements each (the lists run over those
 * axes, outermost first), with zeros or by reflection about the border elements (the border itself
 * is not repeated).
 */
public record Pad(List<Integer> before, List<Integer> after, Mode mode) implements Op {
  /** What the new elements are. */
  public enum Mode {
    ZERO,
    REFLECT
  }

  public Pad {
    before = Check.axes("padding", before, 0);
    after = Check.axes("padding", after, 0);
    if (before.size() != after.size()) {
      throw new IllegalArgumentException(
          "padding before " + before + " and after " + after + " differ in length");
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    TensorSpec x = in.getFirst();
    Check.floating(this, x);
    return List.of(x.as(padded(x)));
  }

  private Shape padded(TensorSpec x) {
    int axes = before.size();
    Check.that(axes <= x.shape().rank(), this, "pads %d axes of %s", axes, x);
    long[] tail = new long[axes];
    for (int i = 0; i < axes; i++) {
      long n = x.shape().dim(i - axes);
      Check.that(
          mode == Mode.ZERO || Math.max(before.get(i), after.get(i)) < n,
          this,
          "reflection by %d before and %d after needs a longer axis: %s",
          before.get(i),
          after.get(i),
          x);
      tail[i] = before.get(i) + n + after.get(i);
    }
    return Check.replaceTail(x.shape(), tail);
  }

  @Override
  public Reads reads() {
    return Reads.NOTHING;
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    Shape inner = r.inputSpec(0).shape();
    Tensor g = r.upstream(0);
    return new Tensor[] {
      mode == Mode.ZERO ? Crop.to(before, inner).apply(g) : new Fold(this, inner).apply(g)
    };
  }

  /**
   * The adjoint of padding by reflection: border elements are added to those they were copied from.
   */
  public record Fold(Pad pad, Shape inner) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 1);
      TensorSpec g = in.getFirst();
      Check.floating(this, g);
      Check.spec(this, "gradient", g, g.as(pad.padded(g.as(inner))));
      return List.of(g.as(inner));
    }
  }
}
