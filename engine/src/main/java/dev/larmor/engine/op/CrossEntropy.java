package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * The mean over all positions of −Σ q·log(softmax(logits)), {@code F32[]}. q is 1 − {@code
 * smoothing} at the label, and {@code smoothing} shared by all classes, the label's too (Szegedy et
 * al. 2016). Inputs: logits {@code F32[N, C]} or {@code F32[N, C, (D,) H, W]}, labels {@code
 * I32[N]} or {@code I32[N, (D,) H, W]} from 0 to C − 1; with any other label the loss is NaN.
 * Gradients exist for the logits alone.
 *
 * <p>Without smoothing a logit of −∞ leaves its class out: probability 0 and gradient 0. Where the
 * class has a share in q, the loss is +∞.
 */
public record CrossEntropy(double smoothing) implements Op {
  public CrossEntropy {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException("label smoothing must be in [0, 1], not " + smoothing);
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 2);
    check(this, in.get(0), in.get(1));
    return List.of(TensorSpec.of(DType.F32));
  }

  private static void check(Op op, TensorSpec logits, TensorSpec labels) {
    Check.logits(op, logits);
    long[] all = logits.shape().dims();
    long[] dims = new long[all.length - 1];
    dims[0] = all[0];
    System.arraycopy(all, 2, dims, 1, dims.length - 1);
    Check.spec(op, "labels", labels, new TensorSpec(DType.I32, Shape.of(dims)));
  }

  @Override
  public Reads reads() {
    return Reads.inputs(0, 1);
  }

  @Override
  public Tensor[] vjp(Reverse r) {
    return new Tensor[] {new Grad(this).apply(r.upstream(0), r.input(0), r.input(1)), null};
  }

  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return new Cost(4.0 * in.getFirst().shape().elements(), Check.cost(in, out, 0).bytes());
  }

  /** {@code g·(softmax(logits) − q)/positions}. Inputs: g {@code F32[]}, logits, labels. */
  public record Grad(CrossEntropy loss) implements Op.NotDifferentiable {
    @Override
    public List<TensorSpec> infer(List<TensorSpec> in) {
      Check.count(this, in, 3);
      Check.scalar(this, "gradient", in.get(0));
      check(this, in.get(1), in.get(2));
      return List.of(in.get(1));
    }

    @Override
    public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
      return Check.cost(in, out, 6);
    }
  }
}
