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
 * <p>Memory is read from one end to the other; what belongs to a channel – coefficients, sums – is
 * an array of a row's length and stays in the first-level cache. Rows are summed in single
 * precision, tiles of them in double precision.
 *
 * <p>Methods are short: the compiler stops inlining after some dozen vector operations, and vectors
 * that go to a call become objects.
 */
final class ChannelLoops implements ChannelKernels.Loops {
  private static final boolean BF16 = Bf16Twin.is(MethodHandles.lookup());
  private static final long BYTES = BF16 ? Short.BYTES : FLOAT;

  /** Rows of a tile. */
  private static final int TILE = 32;

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
    return x.mul(factor, condition.compare(VectorOperators.LT, 0));
  }

  // y = leaky((x − centre)·scale + shift)

  @Override
  public void affine(long x, long y, long first, long count, int period, long lines, float slope) {
    long from = x + first * BYTES;
    long to = y + first * BYTES;
    long i = 0;
    for (; i + period <= count; i += period) {
      for (int c = 0; c < period; c += WIDTH) {
        long at = (i + c) * BYTES;
        store(line(load(from + at), lines + c * FLOAT, period, slope), to + at);
      }
    }
    affineRest(from + i * BYTES, to + i * BYTES, (int) (count - i), period, lines, slope);
  }

  private static void affineRest(long x, long y, int count, int period, long lines, float slope) {
    for (int c = 0; c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - c);
      FloatVector v = load(x + c * BYTES, valid);
      store(line(v, lines + c * FLOAT, period, slope), y + c * BYTES, valid);
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
      for (int c = 0; c < period; c += WIDTH) {
        long at = start + (i + c) * BYTES;
        long line = lines + c * FLOAT;
        store(normGrad(load(g + at), load(y + at), line, period, slope, inverse), gx + at);
      }
    }
    normGradRest(g, y, gx, start + i * BYTES, (int) (count - i), period, lines, slope);
  }

  private static void normGradRest(
      long g, long y, long gx, long start, int count, int period, long lines, float slope) {
    for (int c = 0; c < count; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(count - c);
      long at = start + c * BYTES;
      FloatVector upstream = load(g + at, valid);
      FloatVector out = load(y + at, valid);
      store(normGrad(upstream, out, lines + c * FLOAT, period, slope, 1 / slope), gx + at, valid);
    }
  }

  private static FloatVector normGrad(
      FloatVector g, FloatVector y, long lines, int period, float slope, float inverse) {
    FloatVector a = Lanes.load(lines);
    FloatVector b = Lanes.load(lines + period * FLOAT);
    FloatVector c = Lanes.load(lines + 2L * period * FLOAT);
    return leaky(g, y, slope).fma(a, leaky(y, y, inverse).fma(b, c));
  }

  // gx = scale·leaky'(g) + b·(x − centre) + c

  @Override
  public void affineGrad(
      long g, long x, long gx, long first, long count, int period, long lines, float slope) {
    long start = first * BYTES;
    long i = 0;
    for (; i + period <= count; i += period) {
      for (int c = 0; c < period; c += WIDTH) {
        long at = start + (i + c) * BYTES;
        store(affineGrad(load(g + at), load(x + at), lines + c * FLOAT, period, slope), gx + at);
      }
    }
    int rest = (int) (count - i);
    for (int c = 0; c < rest; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(rest - c);
      long at = start + (i + c) * BYTES;
      FloatVector in = load(x + at, valid);
      store(affineGrad(load(g + at, valid), in, lines + c * FLOAT, period, slope), gx + at, valid);
    }
  }

  private static FloatVector affineGrad(
      FloatVector g, FloatVector x, long lines, int period, float slope) {
    long step = period * FLOAT;
    FloatVector centred = x.sub(Lanes.load(lines));
    FloatVector rest = centred.fma(Lanes.load(lines + 3 * step), Lanes.load(lines + 4 * step));
    return through(g, centred, lines, period, slope).fma(Lanes.load(lines + step), rest);
  }

  /** The gradient through leaky(centred·scale + shift). */
  private static FloatVector through(
      FloatVector g, FloatVector centred, long lines, int period, float slope) {
    long step = period * FLOAT;
    FloatVector line = centred.fma(Lanes.load(lines + step), Lanes.load(lines + 2 * step));
    return leaky(g, line, slope);
  }

  // Sums

  /** Adds v to a vector in memory. */
  private static void addTo(FloatVector v, long sums) {
    Lanes.store(Lanes.load(sums).add(v), sums);
  }

  /** Adds the sums of a tile to those of the part and clears them. */
  private static void addTile(long tile, int period, long sums) {
    FloatVector zero = Lanes.broadcast(0);
    for (int c = 0; c < period; c += WIDTH) {
      Lanes.addToDoubles(Lanes.load(tile + c * FLOAT), sums + c * DOUBLE);
      Lanes.store(zero, tile + c * FLOAT);
    }
  }

  @Override
  public void sum(long x, long first, long count, int period, long sums) {
    long tile = ChannelKernels.tile(sums, period);
    long rows = count / period;
    for (long row = 0; row < rows; row++) {
      sumRow(x + (first + row * period) * BYTES, period, tile);
      if ((row + 1) % TILE == 0 || row + 1 == rows) {
        addTile(tile, period, sums);
      }
    }
    long from = x + (first + rows * period) * BYTES;
    int rest = (int) (count % period);
    for (int c = 0; c < rest; c += WIDTH) {
      Lanes.addToDoubles(load(from + c * BYTES, Lanes.first(rest - c)), sums + c * DOUBLE);
    }
  }

  private static void sumRow(long x, int period, long sums) {
    for (int c = 0; c < period; c += WIDTH) {
      addTo(load(x + c * BYTES), sums + c * FLOAT);
    }
  }

  @Override
  public void dot(long x, long y, long first, long count, int period, long sums) {
    long tile = ChannelKernels.tile(sums, period);
    long rows = count / period;
    for (long row = 0; row < rows; row++) {
      long at = (first + row * period) * BYTES;
      dotRow(x + at, y + at, period, tile);
      if ((row + 1) % TILE == 0 || row + 1 == rows) {
        addTile(tile, period, sums);
      }
    }
    long start = (first + rows * period) * BYTES;
    int rest = (int) (count % period);
    for (int c = 0; c < rest; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(rest - c);
      long at = start + c * BYTES;
      Lanes.addToDoubles(load(x + at, valid).mul(load(y + at, valid)), sums + c * DOUBLE);
    }
  }

  private static void dotRow(long x, long y, int period, long sums) {
    for (int c = 0; c < period; c += WIDTH) {
      FloatVector sum = Lanes.load(sums + c * FLOAT);
      Lanes.store(load(x + c * BYTES).fma(load(y + c * BYTES), sum), sums + c * FLOAT);
    }
  }

  @Override
  public void moments(
      long x, long first, long count, int period, long centre, long sums, long squares) {
    long tile = ChannelKernels.tile(sums, period);
    long tileSquares = tile + period * FLOAT;
    long rows = count / period;
    for (long row = 0; row < rows; row++) {
      momentRow(x + (first + row * period) * BYTES, period, centre, tile, tileSquares);
      if ((row + 1) % TILE == 0 || row + 1 == rows) {
        addTile(tile, period, sums);
        addTile(tileSquares, period, squares);
      }
    }
    long from = x + (first + rows * period) * BYTES;
    int rest = (int) (count % period);
    for (int c = 0; c < rest; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(rest - c);
      FloatVector v = load(from + c * BYTES, valid);
      FloatVector d = Lanes.broadcast(0).blend(v.sub(Lanes.load(centre + c * FLOAT)), valid);
      Lanes.addToDoubles(d, sums + c * DOUBLE);
      Lanes.addToDoubles(d.mul(d), squares + c * DOUBLE);
    }
  }

  private static void momentRow(long x, int period, long centre, long sums, long squares) {
    for (int c = 0; c < period; c += WIDTH) {
      long at = c * FLOAT;
      FloatVector d = load(x + c * BYTES).sub(Lanes.load(centre + at));
      addTo(d, sums + at);
      Lanes.store(d.fma(d, Lanes.load(squares + at)), squares + at);
    }
  }

  @Override
  public void normGradSums(
      long g, long y, long first, long count, int period, long sums, long dots, float slope) {
    long tile = ChannelKernels.tile(sums, period);
    long tileDots = tile + period * FLOAT;
    long rows = count / period;
    for (long row = 0; row < rows; row++) {
      long at = (first + row * period) * BYTES;
      normGradSumRow(g + at, y + at, period, tile, tileDots, slope);
      if ((row + 1) % TILE == 0 || row + 1 == rows) {
        addTile(tile, period, sums);
        addTile(tileDots, period, dots);
      }
    }
    long start = (first + rows * period) * BYTES;
    int rest = (int) (count % period);
    for (int c = 0; c < rest; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(rest - c);
      FloatVector out = load(y + start + c * BYTES, valid);
      FloatVector through = leaky(load(g + start + c * BYTES, valid), out, slope);
      Lanes.addToDoubles(through, sums + c * DOUBLE);
      Lanes.addToDoubles(through.mul(leaky(out, out, 1 / slope)), dots + c * DOUBLE);
    }
  }

  private static void normGradSumRow(
      long g, long y, int period, long sums, long dots, float slope) {
    float inverse = 1 / slope;
    for (int c = 0; c < period; c += WIDTH) {
      long at = c * FLOAT;
      FloatVector out = load(y + c * BYTES);
      FloatVector through = leaky(load(g + c * BYTES), out, slope);
      addTo(through, sums + at);
      Lanes.store(through.fma(leaky(out, out, inverse), Lanes.load(dots + at)), dots + at);
    }
  }

  @Override
  public void affineGradSums(
      long g, long x, long first, long count, int period, long lines, long sums, float slope) {
    long dots = sums + period * DOUBLE;
    long tile = ChannelKernels.tile(sums, period);
    long rows = count / period;
    for (long row = 0; row < rows; row++) {
      long at = (first + row * period) * BYTES;
      affineGradSumRow(g + at, x + at, period, lines, tile, slope);
      if ((row + 1) % TILE == 0 || row + 1 == rows) {
        addTile(tile, period, sums);
        addTile(tile + period * FLOAT, period, dots);
      }
    }
    long start = (first + rows * period) * BYTES;
    int rest = (int) (count % period);
    for (int c = 0; c < rest; c += WIDTH) {
      VectorMask<Float> valid = Lanes.first(rest - c);
      long at = start + c * BYTES;
      FloatVector centred = load(x + at, valid).sub(Lanes.load(lines + c * FLOAT));
      FloatVector through = through(load(g + at, valid), centred, lines + c * FLOAT, period, slope);
      Lanes.addToDoubles(through, sums + c * DOUBLE);
      Lanes.addToDoubles(through.mul(centred), dots + c * DOUBLE);
    }
  }

  private static void affineGradSumRow(
      long g, long x, int period, long lines, long sums, float slope) {
    long dots = sums + period * FLOAT;
    for (int c = 0; c < period; c += WIDTH) {
      long at = c * FLOAT;
      FloatVector centred = load(x + c * BYTES).sub(Lanes.load(lines + at));
      FloatVector through = through(load(g + c * BYTES), centred, lines + at, period, slope);
      addTo(through, sums + at);
      Lanes.store(through.fma(centred, Lanes.load(dots + at)), dots + at);
    }
  }
}
