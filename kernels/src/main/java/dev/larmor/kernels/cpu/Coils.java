package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;
import static dev.larmor.kernels.cpu.Lanes.MEMORY;

import dev.larmor.engine.TensorSpec;
import dev.larmor.kernels.HostMemory;
import dev.larmor.kernels.cpu.fft.Fft2Plan;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Ops that combine coils, {@code C64[coils, H, W]}: sensitivity operators and root sums of squares.
 * Sums run over the coils in their order.
 */
final class Coils {
  /** Most bytes of coil images kept at a time. */
  private static final long IMAGES = 16 << 20;

  /** Floats of a task: pixels times two. */
  private static final long GRAIN = 1 << 13;

  private final Team team;
  private final Fourier fourier;

  Coils(Team team, Fourier fourier) {
    this.team = team;
    this.fourier = fourier;
  }

  /** Bytes of one coil's image. */
  private static long imageBytes(TensorSpec coils) {
    return coils.bytes() / coils.shape().dim(0);
  }

  private static int coilsAtATime(TensorSpec coils) {
    return (int) Math.clamp(IMAGES / imageBytes(coils), 1, coils.shape().dim(0));
  }

  /** Workspace of {@link #reduce}: a few coil images and the transform's scratch. */
  static long reduceWorkspace(TensorSpec coils, int threads) {
    return HostMemory.align(coilsAtATime(coils) * imageBytes(coils))
        + Fourier.workspace(coils, threads);
  }

  /** y = Σ_c conj(S_c)·ifft2c(k_c). The product and the sum are on the way out of the transform. */
  void reduce(Array kspace, Array maps, Array y, long workspace) {
    Fft2Plan plan = Fourier.plan(kspace.spec());
    int coils = kspace.dim(0);
    int atATime = coilsAtATime(kspace.spec());
    long scratch = workspace + HostMemory.align(atATime * plan.imageBytes());
    for (int first = 0; first < coils; first += atATime) {
      int start = first;
      int count = Math.min(atATime, coils - first);
      fourier.pass(
          plan,
          count,
          plan.rowGroups(),
          (coil, from, to, s) ->
              plan.rows(
                  from,
                  to,
                  MEMORY,
                  kspace.address() + (start + coil) * plan.imageBytes(),
                  MEMORY,
                  workspace + coil * plan.imageBytes(),
                  true,
                  true,
                  s),
          scratch);
      fourier.pass(
          plan,
          1,
          plan.columnGroups(),
          (_, from, to, s) -> {
            for (int coil = 0; coil < count; coil++) {
              plan.columnsTimesConjugate(
                  from,
                  to,
                  MEMORY,
                  workspace + coil * plan.imageBytes(),
                  MEMORY,
                  maps.address() + (start + coil) * plan.imageBytes(),
                  MEMORY,
                  y.address(),
                  start + coil > 0,
                  true,
                  true,
                  s);
            }
          },
          scratch);
    }
  }

  /** y_c = fft2c(S_c·x). */
  void expand(Array image, Array maps, Array y, long workspace) {
    Fft2Plan plan = Fourier.plan(maps.spec());
    fourier.run(
        plan,
        maps.dim(0),
        (coil, from, to, s) -> {
          long at = coil * plan.imageBytes();
          plan.rowsOfProduct(
              from,
              to,
              MEMORY,
              maps.address() + at,
              MEMORY,
              image.address(),
              MEMORY,
              y.address() + at,
              false,
              true,
              s);
        },
        (coil, from, to, s) -> {
          long at = y.address() + coil * plan.imageBytes();
          plan.columns(from, to, MEMORY, at, false, true, s);
        },
        workspace);
  }

  /** y_c = ifft2c(k_c)·conj(x). */
  void mapGrad(Array kspace, Array image, Array y, long workspace) {
    Fft2Plan plan = Fourier.plan(kspace.spec());
    fourier.run(
        plan,
        kspace.dim(0),
        (coil, from, to, s) -> {
          long at = coil * plan.imageBytes();
          plan.rows(
              from, to, MEMORY, kspace.address() + at, MEMORY, y.address() + at, true, true, s);
        },
        (coil, from, to, s) -> {
          long at = y.address() + coil * plan.imageBytes();
          plan.columnsTimesConjugate(
              from, to, MEMORY, at, MEMORY, image.address(), MEMORY, at, false, true, true, s);
        },
        workspace);
  }

  private interface PixelLoop {
    /** Works on floats {@code from} to {@code to} of each coil. */
    void run(long from, long to);
  }

  private void pixels(TensorSpec coils, PixelLoop body) {
    Split.ranges(team, imageBytes(coils) / FLOAT, GRAIN, body::run);
  }

  // Root sum of squares. Tasks are whole vectors but for the end of the image, where loads of one
  // coil reach into the next one's pixels or the block's padding, and stores are masked.

  void rss(Array x, Array y) {
    long bytes = imageBytes(x.spec());
    pixels(x.spec(), (from, to) -> rss(x.address(), bytes, x.dim(0), y.address(), from, to));
  }

  /** Writes one float per pixel, a vector of them from two of complex numbers. */
  private static void rss(long x, long bytes, int coils, long y, long from, long to) {
    for (long f = from; f < to; f += 2L * Lanes.WIDTH) {
      long i = f * FLOAT;
      if (to - f < 2L * Lanes.WIDTH) {
        for (long p = f; p < to; p += 2) {
          Lanes.set(y + p / 2 * FLOAT, (float) Math.sqrt(squares(x, bytes, coils, p)));
        }
        return;
      }
      FloatVector lower = Lanes.broadcast(0);
      FloatVector upper = lower;
      for (int c = 0; c < coils; c++) {
        FloatVector a = Lanes.load(x + c * bytes + i);
        FloatVector b = Lanes.load(x + c * bytes + i + Lanes.BYTES);
        lower = a.fma(a, lower);
        upper = b.fma(b, upper);
      }
      lower = lower.add(Lanes.swap(lower));
      upper = upper.add(Lanes.swap(upper));
      Lanes.store(Lanes.evenLanes(lower, upper).sqrt(), y + i / 2);
    }
  }

  /** Σ_c |x_c|² at the pixel whose real part is float {@code f}. */
  private static float squares(long x, long bytes, int coils, long f) {
    float sum = 0;
    for (int c = 0; c < coils; c++) {
      float re = Lanes.get(x + c * bytes + f * FLOAT);
      float im = Lanes.get(x + c * bytes + (f + 1) * FLOAT);
      sum += re * re + im * im;
    }
    return sum;
  }

  /** gx = g·x/rss, 0 where rss is. */
  void rssGrad(Array g, Array x, Array rss, Array gx) {
    long bytes = imageBytes(x.spec());
    int coils = x.dim(0);
    pixels(
        x.spec(),
        (from, to) -> {
          for (int c = 0; c < coils; c++) {
            scaleByRatio(
                x.address() + c * bytes,
                g.address(),
                rss.address(),
                gx.address() + c * bytes,
                from,
                to);
          }
        });
  }

  /** y = x·g/r, a float of g and r for each complex number; 0 where r is. */
  private static void scaleByRatio(long x, long g, long r, long y, long from, long to) {
    long f = from;
    for (; f + 2L * Lanes.WIDTH <= to; f += 2L * Lanes.WIDTH) {
      long i = f * FLOAT;
      FloatVector norm = Lanes.load(r + i / 2);
      FloatVector ratio =
          Lanes.load(g + i / 2).div(norm).blend(0, norm.compare(VectorOperators.EQ, 0));
      Lanes.store(Lanes.load(x + i).mul(Lanes.lowerTwice(ratio)), y + i);
      long j = i + Lanes.BYTES;
      Lanes.store(Lanes.load(x + j).mul(Lanes.upperTwice(ratio)), y + j);
    }
    for (; f < to; f += 2) {
      long i = f * FLOAT;
      float norm = Lanes.get(r + i / 2);
      float ratio = norm == 0 ? 0 : Lanes.get(g + i / 2) / norm;
      Lanes.set(y + i, Lanes.get(x + i) * ratio);
      Lanes.set(y + i + FLOAT, Lanes.get(x + i + FLOAT) * ratio);
    }
  }

  /** y = x/rss(x), 0 where rss is. */
  void rssNormalize(Array x, Array y) {
    long bytes = imageBytes(x.spec());
    pixels(
        x.spec(), (from, to) -> rssNormalize(x.address(), bytes, x.dim(0), y.address(), from, to));
  }

  private static void rssNormalize(long x, long bytes, int coils, long y, long from, long to) {
    long f = from;
    for (; f + Lanes.WIDTH <= to; f += Lanes.WIDTH) {
      long i = f * FLOAT;
      FloatVector squares = squaresTwice(x + i, bytes, coils);
      FloatVector inverse = inverseRoot(squares);
      for (int c = 0; c < coils; c++) {
        Lanes.store(Lanes.load(x + c * bytes + i).mul(inverse), y + c * bytes + i);
      }
    }
    for (; f < to; f += 2) {
      float sum = squares(x, bytes, coils, f);
      float inverse = sum == 0 ? 0 : 1 / (float) Math.sqrt(sum);
      for (int c = 0; c < coils; c++) {
        long i = c * bytes + f * FLOAT;
        Lanes.set(y + i, Lanes.get(x + i) * inverse);
        Lanes.set(y + i + FLOAT, Lanes.get(x + i + FLOAT) * inverse);
      }
    }
  }

  /** Σ_c |x_c|² of a vector of pixels, at both their lanes. */
  private static FloatVector squaresTwice(long x, long bytes, int coils) {
    FloatVector sum = Lanes.broadcast(0);
    for (int c = 0; c < coils; c++) {
      FloatVector v = Lanes.load(x + c * bytes);
      sum = v.fma(v, sum);
    }
    return sum.add(Lanes.swap(sum));
  }

  /** 1/sqrt(x), 0 where x is. */
  private static FloatVector inverseRoot(FloatVector x) {
    return Lanes.broadcast(1).div(x.sqrt()).blend(0, x.compare(VectorOperators.EQ, 0));
  }

  /** {@code (g − y·Σ_c Re(conj(y_c)·g_c)) / rss(x)}, y = x/rss(x). */
  void rssNormalizeGrad(Array g, Array x, Array gx) {
    long bytes = imageBytes(x.spec());
    pixels(
        x.spec(),
        (from, to) ->
            rssNormalizeGrad(g.address(), x.address(), bytes, x.dim(0), gx.address(), from, to));
  }

  private static void rssNormalizeGrad(
      long g, long x, long bytes, int coils, long gx, long from, long to) {
    long f = from;
    for (; f + Lanes.WIDTH <= to; f += Lanes.WIDTH) {
      long i = f * FLOAT;
      FloatVector inverse = inverseRoot(squaresTwice(x + i, bytes, coils));
      FloatVector dot = Lanes.broadcast(0);
      for (int c = 0; c < coils; c++) {
        dot = Lanes.load(x + c * bytes + i).fma(Lanes.load(g + c * bytes + i), dot);
      }
      FloatVector along = dot.add(Lanes.swap(dot)).mul(inverse).mul(inverse);
      for (int c = 0; c < coils; c++) {
        long at = c * bytes + i;
        FloatVector across = Lanes.load(g + at).sub(Lanes.load(x + at).mul(along));
        Lanes.store(across.mul(inverse), gx + at);
      }
    }
    for (; f < to; f += 2) {
      float sum = squares(x, bytes, coils, f);
      float inverse = sum == 0 ? 0 : 1 / (float) Math.sqrt(sum);
      float dot = 0;
      for (int c = 0; c < coils; c++) {
        long i = c * bytes + f * FLOAT;
        dot +=
            Lanes.get(x + i) * Lanes.get(g + i)
                + Lanes.get(x + i + FLOAT) * Lanes.get(g + i + FLOAT);
      }
      float along = dot * inverse * inverse;
      for (int c = 0; c < coils; c++) {
        for (long i = c * bytes + f * FLOAT, part = 0; part < 2; part++, i += FLOAT) {
          Lanes.set(gx + i, (Lanes.get(g + i) - Lanes.get(x + i) * along) * inverse);
        }
      }
    }
  }
}
