package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.DType;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.Unary;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Ops that treat every element alike; memory order is all one to them. */
final class Elementwise {
  /** Loops over elements {@code from} to {@code to} of tensors at the given addresses. */
  interface Loops {
    void add(long x, long y, long z, long from, long to);

    void subtract(long x, long y, long z, long from, long to);

    void multiply(long x, long y, long z, long from, long to);

    /** y = scale·x + shift. */
    void affine(long x, FloatVector scale, FloatVector shift, long y, long from, long to);

    /** y += alpha·x. */
    void axpy(float alpha, long x, long y, long from, long to);

    void fill(FloatVector value, long y, long from, long to);

    void leakyRelu(float slope, long x, long y, long from, long to);

    void leakyReluGrad(float slope, long g, long x, long y, long from, long to);

    void unary(Unary.Function function, long x, long y, long from, long to);

    void unaryGrad(Unary.Function function, long g, long x, long y, long from, long to);

    /** Adds the elements to {@link Lanes#WIDTH} doubles at {@code partial}. */
    void sum(long x, long from, long to, long partial);

    /** Adds the products to {@link Lanes#WIDTH} doubles at {@code partial}. */
    void dot(long x, long y, long from, long to, long partial);
  }

  private static final Loops F32 = new ElementwiseLoops();
  private static final Loops BF16 =
      Bf16Twin.of(MethodHandles.lookup(), ElementwiseLoops.class, Loops.class);

  private final Team team;
  private final Blocks blocks;

  Elementwise(Team team) {
    this.team = team;
    this.blocks = new Blocks(team);
  }

  static Loops loops(Array x) {
    return x.isBf16() ? BF16 : F32;
  }

  private void over(Array x, Split.Range body) {
    Split.ranges(team, x.reals(), Split.GRAIN, body);
  }

  void add(Array x, Array y, Array z) {
    Loops loops = loops(x);
    over(x, (from, to) -> loops.add(x.address(), y.address(), z.address(), from, to));
  }

  void subtract(Array x, Array y, Array z) {
    Loops loops = loops(x);
    over(x, (from, to) -> loops.subtract(x.address(), y.address(), z.address(), from, to));
  }

  void multiply(Array x, Array y, Array z) {
    if (x.isComplex()) {
      over(x, (from, to) -> complexMultiply(x.address(), y.address(), z.address(), from, to));
      return;
    }
    Loops loops = loops(x);
    over(x, (from, to) -> loops.multiply(x.address(), y.address(), z.address(), from, to));
  }

  /** z = x·conj(y). */
  void multiplyConjugate(Array x, Array y, Array z) {
    if (x.isComplex()) {
      over(
          x,
          (from, to) -> complexMultiplyConjugate(x.address(), y.address(), z.address(), from, to));
      return;
    }
    multiply(x, y, z);
  }

  private static void complexMultiply(long x, long y, long z, long from, long to) {
    for (long i = from * FLOAT; i < to * FLOAT; i += Lanes.BYTES) {
      Lanes.store(Lanes.multiply(Lanes.load(x + i), Lanes.load(y + i)), z + i);
    }
  }

  private static void complexMultiplyConjugate(long x, long y, long z, long from, long to) {
    for (long i = from * FLOAT; i < to * FLOAT; i += Lanes.BYTES) {
      Lanes.store(Lanes.multiplyConjugate(Lanes.load(x + i), Lanes.load(y + i)), z + i);
    }
  }

  void affine(Affine op, Array x, Array y) {
    float shift = (float) op.shift();
    affine(
        x,
        (float) op.scale(),
        x.isComplex() ? Lanes.alternating(shift, 0) : Lanes.broadcast(shift),
        y);
  }

  void scaleBy(Array x, Array factor, Array y) {
    affine(x, factor.get(0), Lanes.broadcast(-0f), y);
  }

  private void affine(Array x, float scale, FloatVector shift, Array y) {
    Loops loops = loops(x);
    FloatVector factor = Lanes.broadcast(scale);
    over(x, (from, to) -> loops.affine(x.address(), factor, shift, y.address(), from, to));
  }

  void axpy(double alpha, Array y, Array x) {
    Loops loops = loops(x);
    over(x, (from, to) -> loops.axpy((float) alpha, x.address(), y.address(), from, to));
  }

  void leakyRelu(float slope, Array x, Array y) {
    Loops loops = loops(x);
    over(x, (from, to) -> loops.leakyRelu(slope, x.address(), y.address(), from, to));
  }

  void leakyReluGrad(float slope, Array g, Array x, Array y) {
    Loops loops = loops(x);
    over(
        x,
        (from, to) -> loops.leakyReluGrad(slope, g.address(), x.address(), y.address(), from, to));
  }

  void unary(Unary.Function function, Array x, Array y) {
    Loops loops = loops(x);
    over(x, (from, to) -> loops.unary(function, x.address(), y.address(), from, to));
  }

  void unaryGrad(Unary.Function function, Array g, Array x, Array y) {
    Loops loops = loops(x);
    over(
        x,
        (from, to) -> loops.unaryGrad(function, g.address(), x.address(), y.address(), from, to));
  }

  /** Every element becomes {@code value}. */
  void fill(double value, Array y) {
    long a = y.address();
    switch (y.dtype()) {
      case F32, BF16 -> fill(Lanes.broadcast((float) value), y);
      case C64 -> fill(Lanes.alternating((float) value, 0), y);
      case F64, F16, I32 ->
          over(
              y,
              (from, to) -> {
                for (long i = from; i < to; i++) {
                  Element.set(y.dtype(), a, i, value);
                }
              });
      case U8 -> {
        byte rounded = (byte) Math.clamp(Math.rint(value), 0, 255);
        Split.ranges(
            team,
            y.elements(),
            1 << 20,
            (from, to) -> Lanes.MEMORY.asSlice(a + from, to - from).fill(rounded));
      }
    }
  }

  private void fill(FloatVector value, Array y) {
    Loops loops = loops(y);
    over(y, (from, to) -> loops.fill(value, y.address(), from, to));
  }

  /** y = x in y's dtype. */
  void cast(Array x, Array y) {
    long from = x.address();
    long to = y.address();
    if (x.dtype() == y.dtype()) {
      blocks.copy(from, to, x.spec().bytes());
    } else if (x.dtype() == DType.F32 && y.dtype() == DType.BF16) {
      over(x, (first, last) -> narrow(from, to, first, last));
    } else if (x.dtype() == DType.BF16 && y.dtype() == DType.F32) {
      over(x, (first, last) -> widen(from, to, first, last));
    } else {
      over(
          x,
          (first, last) -> {
            for (long i = first; i < last; i++) {
              Element.set(y.dtype(), to, i, Element.get(x.dtype(), from, i));
            }
          });
    }
  }

  private static void narrow(long x, long y, long from, long to) {
    for (long i = from; i < to; i += Lanes.WIDTH) {
      Lanes.storeBf16(Lanes.load(x + FLOAT * i), y + Short.BYTES * i);
    }
  }

  private static void widen(long x, long y, long from, long to) {
    for (long i = from; i < to; i += Lanes.WIDTH) {
      Lanes.store(Lanes.loadBf16(x + Short.BYTES * i), y + FLOAT * i);
    }
  }

  /** Workspace of {@link #sum} and {@link #dot}: the partial sums of each task. */
  static long sumWorkspace(TensorSpec x) {
    long reals = x.shape().elements() * (x.dtype().isComplex() ? 2 : 1);
    return (long) Split.tasks(reals, Split.GRAIN) * Lanes.WIDTH * DOUBLE;
  }

  void sum(Array x, Array y, long workspace) {
    Loops loops = loops(x);
    y.set(0, total(x, workspace, (from, to, at) -> loops.sum(x.address(), from, to, at)));
  }

  /** Re Σ conj(x)·y. */
  void dot(Array x, Array y, Array z, long workspace) {
    Loops loops = loops(x);
    z.set(
        0,
        total(x, workspace, (from, to, at) -> loops.dot(x.address(), y.address(), from, to, at)));
  }

  private interface Partial {
    void addTo(long from, long to, long partial);
  }

  private double total(Array x, long workspace, Partial partial) {
    long slot = (long) Lanes.WIDTH * DOUBLE;
    over(
        x,
        (from, to) -> {
          long mine = workspace + from / Split.GRAIN * slot;
          for (int lane = 0; lane < Lanes.WIDTH; lane++) {
            Lanes.setDouble(mine + lane * DOUBLE, 0);
          }
          partial.addTo(from, to, mine);
        });
    double total = 0;
    long end = workspace + Split.tasks(x.reals(), Split.GRAIN) * slot;
    for (long at = workspace; at < end; at += DOUBLE) {
      total += Lanes.getDouble(at);
    }
    return total;
  }
}
