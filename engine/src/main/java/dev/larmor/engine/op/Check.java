package dev.larmor.engine.op;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The checks that {@link Op#infer} makes of inputs, each failing with one sentence that shows the
 * specs.
 */
final class Check {
  private Check() {}

  static void that(boolean ok, Op op, String message, Object... args) {
    if (!ok) {
      throw new OpException(op, args.length == 0 ? message : message.formatted(args));
    }
  }

  static void count(Op op, List<TensorSpec> in, int expected) {
    that(
        in.size() == expected,
        op,
        "takes %d input%s, got %d: %s",
        expected,
        expected == 1 ? "" : "s",
        in.size(),
        in);
  }

  static void same(Op op, TensorSpec a, TensorSpec b) {
    that(a.equals(b), op, "inputs must have the same dtype and shape: %s, %s", a, b);
  }

  static void floating(Op op, TensorSpec x) {
    that(x.dtype().isFloating(), op, "input must be floating-point: %s", x);
  }

  static void real(Op op, TensorSpec x) {
    that(x.dtype().isReal(), op, "input must be real: %s", x);
  }

  static void dtype(Op op, String what, TensorSpec x, DType expected) {
    that(x.dtype() == expected, op, "%s must be %s: %s", what, expected, x);
  }

  static void spec(Op op, String what, TensorSpec x, TensorSpec expected) {
    that(x.equals(expected), op, "%s must be %s, is %s", what, expected, x);
  }

  static void scalar(Op op, String what, TensorSpec x) {
    spec(op, what, x, TensorSpec.of(DType.F32));
  }

  static void rank(Op op, String what, TensorSpec x, int rank) {
    that(x.shape().rank() == rank, op, "%s must have rank %d: %s", what, rank, x);
  }

  static void featureMap(Op op, TensorSpec x) {
    that(
        x.shape().rank() >= 4 && x.shape().rank() <= 5 && x.dtype().isReal(),
        op,
        "input must be a real feature map [N, C, H, W] or [N, C, D, H, W]: %s",
        x);
  }

  /** What a variance is taken of. */
  static void severalPositions(Op op, TensorSpec x) {
    that(
        x.shape().positions() > 1,
        op,
        "normalisation needs more than one position per channel: %s",
        x);
  }

  /** Class scores, classes along axis 1. */
  static void logits(Op op, TensorSpec x) {
    int rank = x.shape().rank();
    that(
        x.dtype() == DType.F32 && (rank == 2 || rank == 4 || rank == 5),
        op,
        "input must be F32[N, C] or a feature map F32[N, C, (D,) H, W]: %s",
        x);
  }

  /** Coil images or k-space {@code C64[coils, H, W]}. */
  static void coils(Op op, String what, TensorSpec x) {
    that(
        x.dtype() == DType.C64 && x.shape().rank() == 3,
        op,
        "%s must be C64[coils, H, W]: %s",
        what,
        x);
  }

  /** The spec of one value per sample and channel, {@code F32[N, C]}. */
  static TensorSpec perChannel(TensorSpec x) {
    return TensorSpec.of(DType.F32, x.shape().dim(0), x.shape().dim(1));
  }

  /** {@code base} with its last {@code tail.size()} extents replaced. */
  static Shape replaceTail(Shape base, long[] tail) {
    long[] dims = base.dims();
    System.arraycopy(tail, 0, dims, dims.length - tail.length, tail.length);
    return Shape.of(dims);
  }

  static Cost cost(List<TensorSpec> in, List<TensorSpec> out, double flopPerOutput) {
    double bytes = 0;
    for (TensorSpec spec : in) {
      bytes += spec.bytes();
    }
    double elements = 0;
    for (TensorSpec spec : out) {
      bytes += spec.bytes();
      elements += spec.shape().elements();
    }
    return new Cost(flopPerOutput * elements, bytes);
  }

  /**
   * Parameters with what a step of an optimiser needs of each, alike.
   *
   * @param group inputs for each parameter
   * @param names of them
   */
  static void parameters(Op op, List<TensorSpec> in, int group, String names) {
    that(
        !in.isEmpty() && in.size() % group == 0,
        op,
        "takes %s of each parameter, got %d inputs",
        names,
        in.size());
    for (int i = 0; i < in.size(); i += group) {
      TensorSpec p = in.get(i);
      that(
          p.dtype() == DType.F32 || p.dtype() == DType.C64,
          op,
          "parameter %d must be F32 or C64: %s",
          i / group,
          p);
      for (TensorSpec other : in.subList(i + 1, i + group)) {
        that(
            other.equals(p),
            op,
            "inputs of parameter %d must have the same dtype and shape: %s, %s",
            i / group,
            p,
            other);
      }
    }
  }

  /** The cost of such a step, by the operations for each float and the floats read and written. */
  static Cost costOfParameters(List<TensorSpec> in, int group, int flop, int moved) {
    double bytes = 0;
    for (int i = 0; i < in.size(); i += group) {
      bytes += in.get(i).bytes();
    }
    return new Cost(flop * bytes / Float.BYTES, moved * bytes);
  }

  /** Checks a list of per-axis attributes of a convolution or pooling. */
  static List<Integer> axes(String what, List<Integer> values, int least) {
    List<Integer> copy = List.copyOf(values);
    for (int v : copy) {
      if (v < least) {
        throw new IllegalArgumentException(what + " " + copy + " must be at least " + least);
      }
    }
    return copy;
  }

  /** {@code value} repeated for {@code rank} axes. */
  static List<Integer> repeat(int value, int rank) {
    List<Integer> list = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      list.add(value);
    }
    return List.copyOf(list);
  }
}
