package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;
import static dev.larmor.kernels.cpu.Lanes.WIDTH;

import dev.larmor.engine.op.Unary;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of {@link Elementwise}, for F32 and, as a {@link Bf16Twin}, for BF16. They run over
 * whole vectors, up to the end of the last one that holds an element.
 */
final class ElementwiseLoops implements Elementwise.Loops {
  private static final boolean BF16 = Bf16Twin.is(MethodHandles.lookup());
  private static final long BYTES = BF16 ? Short.BYTES : FLOAT;

  private static FloatVector load(long x, long i) {
    return BF16 ? Lanes.loadBf16(x + BYTES * i) : Lanes.load(x + BYTES * i);
  }

  private static void store(FloatVector v, long x, long i) {
    if (BF16) {
      Lanes.storeBf16(v, x + BYTES * i);
    } else {
      Lanes.store(v, x + BYTES * i);
    }
  }

  private static float get(long x, long i) {
    return BF16 ? Lanes.getBf16(x + BYTES * i) : Lanes.get(x + BYTES * i);
  }

  private static void set(long x, long i, float value) {
    if (BF16) {
      Lanes.setBf16(x + BYTES * i, value);
    } else {
      Lanes.set(x + BYTES * i, value);
    }
  }

  @Override
  public void add(long x, long y, long z, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      store(load(x, i).add(load(y, i)), z, i);
    }
  }

  @Override
  public void subtract(long x, long y, long z, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      store(load(x, i).sub(load(y, i)), z, i);
    }
  }

  @Override
  public void multiply(long x, long y, long z, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      store(load(x, i).mul(load(y, i)), z, i);
    }
  }

  @Override
  public void affine(long x, FloatVector scale, FloatVector shift, long y, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      store(load(x, i).fma(scale, shift), y, i);
    }
  }

  @Override
  public void axpy(float alpha, long x, long y, long from, long to) {
    FloatVector a = Lanes.broadcast(alpha);
    for (long i = from; i < to; i += WIDTH) {
      store(load(x, i).fma(a, load(y, i)), y, i);
    }
  }

  @Override
  public void fill(FloatVector value, long y, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      store(value, y, i);
    }
  }

  @Override
  public void leakyRelu(float slope, long x, long y, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      FloatVector v = load(x, i);
      store(v.blend(v.mul(slope), v.compare(VectorOperators.LT, 0)), y, i);
    }
  }

  @Override
  public void leakyReluGrad(float slope, long g, long x, long y, long from, long to) {
    for (long i = from; i < to; i += WIDTH) {
      FloatVector v = load(g, i);
      store(v.blend(v.mul(slope), load(x, i).compare(VectorOperators.LT, 0)), y, i);
    }
  }

  @Override
  public void unary(Unary.Function function, long x, long y, long from, long to) {
    switch (function) {
      case ABS -> {
        for (long i = from; i < to; i += WIDTH) {
          store(load(x, i).abs(), y, i);
        }
      }
      case SQUARE -> {
        for (long i = from; i < to; i += WIDTH) {
          FloatVector v = load(x, i);
          store(v.mul(v), y, i);
        }
      }
      case SQRT -> {
        for (long i = from; i < to; i += WIDTH) {
          store(load(x, i).sqrt(), y, i);
        }
      }
      case RSQRT -> {
        for (long i = from; i < to; i += WIDTH) {
          store(Lanes.broadcast(1).div(load(x, i).sqrt()), y, i);
        }
      }
      case EXP -> {
        for (long i = from; i < to; i++) {
          set(y, i, (float) Math.exp(get(x, i)));
        }
      }
      case LOG -> {
        for (long i = from; i < to; i++) {
          set(y, i, (float) Math.log(get(x, i)));
        }
      }
    }
  }

  @Override
  public void unaryGrad(Unary.Function function, long g, long x, long y, long from, long to) {
    switch (function) {
      case ABS -> {
        for (long i = from; i < to; i += WIDTH) {
          FloatVector v = load(x, i);
          FloatVector upstream = load(g, i);
          FloatVector falling = upstream.blend(upstream.neg(), v.compare(VectorOperators.LT, 0));
          store(falling.blend(0, v.compare(VectorOperators.EQ, 0)), y, i);
        }
      }
      case SQUARE -> {
        for (long i = from; i < to; i += WIDTH) {
          store(load(g, i).mul(load(x, i).mul(2)), y, i);
        }
      }
      case SQRT -> {
        for (long i = from; i < to; i += WIDTH) {
          store(load(g, i).mul(0.5f).div(load(x, i).sqrt()), y, i);
        }
      }
      case RSQRT -> {
        for (long i = from; i < to; i += WIDTH) {
          FloatVector v = load(x, i);
          store(load(g, i).mul(-0.5f).div(v.mul(v.sqrt())), y, i);
        }
      }
      case EXP -> {
        for (long i = from; i < to; i++) {
          set(y, i, (float) (get(g, i) * Math.exp(get(x, i))));
        }
      }
      case LOG -> {
        for (long i = from; i < to; i += WIDTH) {
          store(load(g, i).div(load(x, i)), y, i);
        }
      }
    }
  }

  // Sums are taken in double precision, where products of floats are exact

  @Override
  public void sum(long x, long from, long to, long partial) {
    DoubleVector lower = Lanes.loadDoubles(partial);
    DoubleVector upper = Lanes.loadDoubles(partial + Lanes.BYTES);
    long i = from;
    for (; i + WIDTH <= to; i += WIDTH) {
      FloatVector v = load(x, i);
      lower = lower.add(Lanes.doubles(v, 0));
      upper = upper.add(Lanes.doubles(v, 1));
    }
    if (i < to) {
      FloatVector v = Lanes.broadcast(0).blend(load(x, i), Lanes.first(to - i));
      lower = lower.add(Lanes.doubles(v, 0));
      upper = upper.add(Lanes.doubles(v, 1));
    }
    Lanes.storeDoubles(lower, partial);
    Lanes.storeDoubles(upper, partial + Lanes.BYTES);
  }

  @Override
  public void dot(long x, long y, long from, long to, long partial) {
    DoubleVector lower = Lanes.loadDoubles(partial);
    DoubleVector upper = Lanes.loadDoubles(partial + Lanes.BYTES);
    long i = from;
    for (; i + WIDTH <= to; i += WIDTH) {
      FloatVector v = load(x, i);
      FloatVector w = load(y, i);
      lower = Lanes.doubles(v, 0).fma(Lanes.doubles(w, 0), lower);
      upper = Lanes.doubles(v, 1).fma(Lanes.doubles(w, 1), upper);
    }
    if (i < to) {
      VectorMask<Float> valid = Lanes.first(to - i);
      FloatVector v = Lanes.broadcast(0).blend(load(x, i), valid);
      FloatVector w = Lanes.broadcast(0).blend(load(y, i), valid);
      lower = Lanes.doubles(v, 0).fma(Lanes.doubles(w, 0), lower);
      upper = Lanes.doubles(v, 1).fma(Lanes.doubles(w, 1), upper);
    }
    Lanes.storeDoubles(lower, partial);
    Lanes.storeDoubles(upper, partial + Lanes.BYTES);
  }
}
