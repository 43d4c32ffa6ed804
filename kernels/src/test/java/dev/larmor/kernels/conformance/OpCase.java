package dev.larmor.kernels.conformance;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Op;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An op with inputs to try it on.
 *
 * @param constant inputs that have no gradient by the op's definition
 * @param linear inputs in which the op is linear, the others held fixed
 * @param gradients how many outputs, from the first, have a gradient
 * @param tolerance for a device's F32 against {@code ref}: largest difference, as a part of the
 *     largest magnitude in that tensor; 0 means equal
 */
record OpCase(
    Op op,
    List<Arg> args,
    Set<Integer> constant,
    Set<Integer> linear,
    int gradients,
    double tolerance) {
  /** Values moved, not computed. */
  static final double EXACT = 0;

  /** A few roundings of each value. */
  static final double ELEMENTWISE = 1e-6;

  /** Sums of many values. */
  static final double SUMS = 1e-5;

  /** A BF16 result has 8 significant bits; twice what rounding it may change. */
  private static final double BF16 = 1.0 / 128;

  /** An F16 result has 11. */
  private static final double F16 = 1.0 / 1024;

  static OpCase of(Op op, double tolerance, Arg... args) {
    return new OpCase(op, List.of(args), Set.of(), Set.of(), Integer.MAX_VALUE, tolerance);
  }

  OpCase constant(Integer... inputs) {
    return new OpCase(op, args, Set.of(inputs), linear, gradients, tolerance);
  }

  OpCase linear(Integer... inputs) {
    return new OpCase(op, args, constant, Set.of(inputs), gradients, tolerance);
  }

  OpCase gradients(int count) {
    return new OpCase(op, args, constant, linear, count, tolerance);
  }

  /** The same with the first {@code inputs} inputs, where they are F32, in another dtype. */
  OpCase in(DType dtype, int inputs) {
    List<Arg> other = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      Arg arg = args.get(i);
      boolean changes = i < inputs && arg.spec().dtype() == DType.F32;
      other.add(changes ? new Arg(arg.spec().as(dtype), arg.domain()) : arg);
    }
    return new OpCase(op, other, constant, linear, gradients, tolerance);
  }

  List<TensorSpec> specs() {
    return args.stream().map(Arg::spec).toList();
  }

  List<TensorSpec> outputs() {
    return op.infer(specs());
  }

  boolean differentiable() {
    return !(op instanceof Op.NotDifferentiable);
  }

  /** The dtypes that a device must have for this case. */
  Stream<DType> dtypes() {
    return Stream.concat(specs().stream(), outputs().stream()).map(TensorSpec::dtype).distinct();
  }

  /** Whether values are rounded to BF16 or F16 somewhere. */
  boolean rounds() {
    return dtypes().anyMatch(t -> t == DType.BF16 || t == DType.F16);
  }

  /** Tolerance for the results of this case on a device. */
  double toleranceOnDevice() {
    return dtypes()
        .mapToDouble(t ->
            switch (t) {
              case BF16 -> BF16;
              case F16 -> F16;
              case F32, C64, F64, I32, U8 -> 0;
            })
        .reduce(tolerance, Math::max);
  }

  /** Random values of input {@code i}, the same for every device. */
  double[] values(int i) {
    return args.get(i).draw(Philox.of(1, toString()).with("input").with(i));
  }

  /** Random values like output {@code i}, for gradients. */
  double[] upstream(int i) {
    TensorSpec spec = outputs().get(i);
    return new Arg(spec, Arg.Domain.ANY).draw(Philox.of(1, toString()).with("upstream").with(i));
  }

  /** The inputs on a device, with all random values. */
  Tensor[] inputs(Device device) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      tensors.add(device.fromDoubles(args.get(i).spec(), values(i)));
    }
    return tensors.toArray(Tensor[]::new);
  }

  /** Gradients of the outputs, null for those that have none. */
  Tensor[] upstream(Device device) {
    Tensor[] tensors = new Tensor[outputs().size()];
    for (int i = 0; i < Math.min(tensors.length, gradients); i++) {
      tensors[i] = device.fromDoubles(outputs().get(i), upstream(i));
    }
    return tensors;
  }

  /** The inputs that have a gradient. */
  List<Integer> wanted() {
    List<Integer> wanted = new ArrayList<>();
    for (int i = 0; i < args.size(); i++) {
      if (!constant.contains(i)) {
        wanted.add(i);
      }
    }
    return wanted;
  }

  @Override
  public String toString() {
    String attributes = op.toString();
    return op.name() + attributes.substring(attributes.indexOf('[')) + " of " + specs();
  }
}
