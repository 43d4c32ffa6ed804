package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;
import static dev.larmor.kernels.cpu.Lanes.WIDTH;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of {@link ChannelKernels} and {@link InstanceNorm}, for F32 and, as a {@link Bf16Twin},
 * for BF16.
 *
 * <p>Maps read memory from one end to the other, and the coefficients of a row again and again from
 * the first-level cache. Sums take some rows at a time and a block of columns after the other; they
 * stay in registers, in single precision, until they are added to sums in double precision.
 */
final class ChannelLoops implements ChannelKernels.Loops {
  private static final boolean BF16 = Bf16Twin.is(MethodHandles.lookup());
  private static final long BYTES = BF16 ? Short.BYTES : FLOAT;

  /** Columns of a block: four vectors. */
  private static final int BLOCK = ChannelRows.BLOCK;

  /** Elements whose columns are summed one block after the other. */
  private static final int TILE = 2048;

  private static FloatVector load(long address) {
    return BF16 ? Lanes.loadBf16(address) : Lanes.load(address);
  }

  private static FloatVector load(long address, VectorMask<Float> mask) {
    return BF16 ? Lanes.loadBf16(address, mask) : Lanes.load(address, mask);
  }

  private static void store(FloatVector v, long address) {
    if (BF16) {
      Lanes.storeBf16(v, address);
    } else {
      Lanes.store(v, address);
    }
  }

  private static void store(FloatVector v, long address, VectorMask<Float> mask) {
    if (BF16) {
      Lanes.storeBf16(v, address, mask);
    } else {
      Lanes.store(v, address, mask);
    }
  }

  /** x where the condition is not negative, else factor·x. */
  private static FloatVector leaky(FloatVector x, FloatVector condition, float factor) {
    return x.blend(x.mul(factor), condition.compare(VectorOperators.LT, 0));
  }

  // y = leaky((x − centre)·scale + shift)

  @Override
  public void affine(long x, long y, long first, long count, int period, long lines, float slope) {
    long from = x + first * BYTES;
    long to = y + first * BYTES;
    long i = 0;
    for (; i + period <= count; i += period) {
      for (int c = 0; c < period; c += BLOCK) {
        long at = (i + c) * BYTES;
        long line = lines + c * FLOAT;
        store(line(load(from + at), line, period, slope), to + at);
        at += WIDTH * BYTES;
        line += WIDTH * FLOAT;
        store(line(load(from + at), line, period, slope), to + at);
        at += WIDTH * BYTES;
        line += WIDTH * FLOAT;
        store(line(load(from + at), line, period, slope), to + at);
        at += WIDTH * BYTES;
        line += WIDTH * FLOAT;
        store(line(load(from + at), line, period, slope), to + at);
      }
    }
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      long at = (i + c) * BYTES;
      store(line(load(from + at, valid), lines + c * FLOAT, period, slope), to + at, valid);
    }
  }

  private static FloatVector line(FloatVector x, long lines, int period, float slope) {
    FloatVector centre = Lanes.load(lines);
    FloatVector scale = Lanes.load(lines + period * FLOAT);
    FloatVector shift = Lanes.load(lines + 2L * period * FLOAT);
    FloatVector v = x.sub(centre).fma(scale, shift);
    return leaky(v, v, slope);
  }

  // gx = a·leaky'(g) + b·n + c

  @Override
  public void normGrad(
      long g, long y, long gx, long first, long count, int period, long lines, float slope) {
    long start = first * BYTES;
    float inverse = 1 / slope;
    long i = 0;
    for (; i + period <= count; i += period) {
      for (int c = 0; c < period; c += 2 * WIDTH) {
        long at = start + (i + c) * BYTES;
        long line = lines + c * FLOAT;
        store(normGrad(load(g + at), load(y + at), line, period, slope, inverse), gx + at);
        at += WIDTH * BYTES;
        line += WIDTH * FLOAT;
        store(normGrad(load(g + at), load(y + at), line, period, slope, inverse), gx + at);
      }
    }
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      long at = start + (i + c) * BYTES;
      FloatVector upstream = load(g + at, valid);
      FloatVector out = load(y + at, valid);
      store(normGrad(upstream, out, lines + c * FLOAT, period, slope, inverse), gx + at, valid);
    }
  }

  private static FloatVector normGrad(
      FloatVector g, FloatVector y, long lines, int period, float slope, float inverse) {
    FloatVector a = Lanes.load(lines);
    FloatVector b = Lanes.load(lines + period * FLOAT);
    FloatVector c = Lanes.load(lines + 2L * period * FLOAT);
    return leaky(g, y, slope).fma(a, leaky(y, y, inverse).fma(b, c));
  }

  // Sums: a few rows at a time, and of these a block of columns after the other

  /** Rows that are summed in single precision. */
  private static int tileRows(int period) {
    return Math.clamp(TILE / period, 4, 64);
  }

  @Override
  public void sum(long x, long first, long count, int period, long sums) {
    long from = x + first * BYTES;
    long rows = count / period;
    int tile = tileRows(period);
    for (long row = 0; row < rows; row += tile) {
      int n = (int) Math.min(tile, rows - row);
      for (int c = 0; c < period; c += BLOCK) {
        sumColumns(from + (row * period + c) * BYTES, n, period * BYTES, sums + c * DOUBLE);
      }
    }
    long i = rows * period;
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      Lanes.addToDoubles(load(from + (i + c) * BYTES, valid), sums + c * DOUBLE);
    }
  }

  private static void sumColumns(long x, int rows, long step, long sums) {
    FloatVector s0 = Lanes.broadcast(0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int row = 0; row < rows; row++) {
      long at = x + row * step;
      s0 = s0.add(load(at));
      s1 = s1.add(load(at + WIDTH * BYTES));
      s2 = s2.add(load(at + 2L * WIDTH * BYTES));
      s3 = s3.add(load(at + 3L * WIDTH * BYTES));
    }
    addToDoubles(s0, s1, s2, s3, sums);
  }

  private static void addToDoubles(
      FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3, long sums) {
    Lanes.addToDoubles(s0, sums);
    Lanes.addToDoubles(s1, sums + WIDTH * DOUBLE);
    Lanes.addToDoubles(s2, sums + 2L * WIDTH * DOUBLE);
    Lanes.addToDoubles(s3, sums + 3L * WIDTH * DOUBLE);
  }

  @Override
  public void dot(long x, long y, long first, long count, int period, long sums) {
    long start = first * BYTES;
    long rows = count / period;
    int tile = tileRows(period);
    for (long row = 0; row < rows; row += tile) {
      int n = (int) Math.min(tile, rows - row);
      for (int c = 0; c < period; c += BLOCK) {
        long at = start + (row * period + c) * BYTES;
        dotColumns(x + at, y + at, n, period * BYTES, sums + c * DOUBLE);
      }
    }
    long i = rows * period;
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      long at = start + (i + c) * BYTES;
      Lanes.addToDoubles(load(x + at, valid).mul(load(y + at, valid)), sums + c * DOUBLE);
    }
  }

  private static void dotColumns(long x, long y, int rows, long step, long sums) {
    FloatVector s0 = Lanes.broadcast(0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    for (int row = 0; row < rows; row++) {
      long p = x + row * step;
      long q = y + row * step;
      s0 = load(p).fma(load(q), s0);
      s1 = load(p + WIDTH * BYTES).fma(load(q + WIDTH * BYTES), s1);
      s2 = load(p + 2L * WIDTH * BYTES).fma(load(q + 2L * WIDTH * BYTES), s2);
      s3 = load(p + 3L * WIDTH * BYTES).fma(load(q + 3L * WIDTH * BYTES), s3);
    }
    addToDoubles(s0, s1, s2, s3, sums);
  }

  @Override
  public void moments(
      long x, long first, long count, int period, long centre, long sums, long squares) {
    long from = x + first * BYTES;
    long rows = count / period;
    int tile = tileRows(period);
    for (long row = 0; row < rows; row += tile) {
      int n = (int) Math.min(tile, rows - row);
      for (int c = 0; c < period; c += BLOCK) {
        long at = from + (row * period + c) * BYTES;
        long sum = c * DOUBLE;
        momentsOfColumns(at, n, period * BYTES, centre + c * FLOAT, sums + sum, squares + sum);
      }
    }
    long i = rows * period;
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      FloatVector d = load(from + (i + c) * BYTES, valid).sub(Lanes.load(centre + c * FLOAT));
      FloatVector deviation = Lanes.broadcast(0).blend(d, valid);
      Lanes.addToDoubles(deviation, sums + c * DOUBLE);
      Lanes.addToDoubles(deviation.mul(deviation), squares + c * DOUBLE);
    }
  }

  private static void momentsOfColumns(
      long x, int rows, long step, long centre, long sums, long squares) {
    FloatVector c0 = Lanes.load(centre);
    FloatVector c1 = Lanes.load(centre + WIDTH * FLOAT);
    FloatVector c2 = Lanes.load(centre + 2L * WIDTH * FLOAT);
    FloatVector c3 = Lanes.load(centre + 3L * WIDTH * FLOAT);
    FloatVector s0 = Lanes.broadcast(0);
    FloatVector s1 = s0;
    FloatVector s2 = s0;
    FloatVector s3 = s0;
    FloatVector q0 = s0;
    FloatVector q1 = s0;
    FloatVector q2 = s0;
    FloatVector q3 = s0;
    for (int row = 0; row < rows; row++) {
      long at = x + row * step;
      FloatVector d0 = load(at).sub(c0);
      FloatVector d1 = load(at + WIDTH * BYTES).sub(c1);
      FloatVector d2 = load(at + 2L * WIDTH * BYTES).sub(c2);
      FloatVector d3 = load(at + 3L * WIDTH * BYTES).sub(c3);
      s0 = s0.add(d0);
      s1 = s1.add(d1);
      s2 = s2.add(d2);
      s3 = s3.add(d3);
      q0 = d0.fma(d0, q0);
      q1 = d1.fma(d1, q1);
      q2 = d2.fma(d2, q2);
      q3 = d3.fma(d3, q3);
    }
    addToDoubles(s0, s1, s2, s3, sums);
    addToDoubles(q0, q1, q2, q3, squares);
  }

  @Override
  public void normGradSums(
      long g, long y, long first, long count, int period, long sums, long dots, float slope) {
    long start = first * BYTES;
    long rows = count / period;
    int tile = tileRows(period);
    float inverse = 1 / slope;
    for (long row = 0; row < rows; row += tile) {
      int n = (int) Math.min(tile, rows - row);
      for (int c = 0; c < period; c += 2 * WIDTH) {
        long at = start + (row * period + c) * BYTES;
        normGradSumsOfColumns(
            g + at,
            y + at,
            n,
            period * BYTES,
            sums + c * DOUBLE,
            dots + c * DOUBLE,
            slope,
            inverse);
      }
    }
    long i = rows * period;
    for (int c = 0; i + c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - i - c);
      long at = start + (i + c) * BYTES;
      FloatVector out = load(y + at, valid);
      FloatVector through = leaky(load(g + at, valid), out, slope);
      Lanes.addToDoubles(through, sums + c * DOUBLE);
      Lanes.addToDoubles(through.mul(leaky(out, out, inverse)), dots + c * DOUBLE);
    }
  }

  private static void normGradSumsOfColumns(
      long g, long y, int rows, long step, long sums, long dots, float slope, float inverse) {
    FloatVector s0 = Lanes.broadcast(0);
    FloatVector s1 = s0;
    FloatVector d0 = s0;
    FloatVector d1 = s0;
    for (int row = 0; row < rows; row++) {
      long p = g + row * step;
      long q = y + row * step;
      FloatVector y0 = load(q);
      FloatVector y1 = load(q + WIDTH * BYTES);
      FloatVector g0 = leaky(load(p), y0, slope);
      FloatVector g1 = leaky(load(p + WIDTH * BYTES), y1, slope);
      s0 = s0.add(g0);
      s1 = s1.add(g1);
      d0 = g0.fma(leaky(y0, y0, inverse), d0);
      d1 = g1.fma(leaky(y1, y1, inverse), d1);
    }
    Lanes.addToDoubles(s0, sums);
    Lanes.addToDoubles(s1, sums + WIDTH * DOUBLE);
    Lanes.addToDoubles(d0, dots);
    Lanes.addToDoubles(d1, dots + WIDTH * DOUBLE);
  }
}
