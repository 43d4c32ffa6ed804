package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
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
    return CpuWorkspace.align(coilsAtATime(coils) * imageBytes(coils))
        + Fourier.workspace(coils, threads);
  }

  private interface PixelLoop {
    /** Works on floats {@code from} to {@code to} of each coil. */
    void run(long from, long to);
  }

  private void pixels(TensorSpec coils, PixelLoop body) {
    Split.ranges(team, imageBytes(coils) / FLOAT, GRAIN, body::run);
  }

  /** y = Σ_c conj(S_c)·ifft2c(k_c). */
  void reduce(Array kspace, Array maps, Array y, long workspace) {
    TensorSpec spec = kspace.spec();
    long bytes = imageBytes(spec);
    int coils = kspace.dim(0);
    int atATime = coilsAtATime(spec);
    long scratch = workspace + CpuWorkspace.align(atATime * bytes);
    for (int first = 0; first < coils; first += atATime) {
      int start = first;
      int count = Math.min(atATime, coils - first);
      fourier.centred(spec, true, kspace.address() + first * bytes, workspace, count, scratch);
      pixels(
          spec,
          (from, to) ->
              combine(
                  workspace,
                  maps.address() + start * bytes,
                  bytes,
                  count,
                  start > 0,
                  y.address(),
                  from,
                  to));
    }
  }

  /** y (+)= Σ_c conj(S_c)·x_c. */
  private static void combine(
      long x, long maps, long bytes, int coils, boolean add, long y, long from, long to) {
    long i = from * FLOAT;
    long end = to * FLOAT;
    for (; i < end; i += Lanes.BYTES) {
      long left = (end - i) / FLOAT;
      if (left < Lanes.WIDTH) {
        combineRest(x, maps, bytes, coils, add, y, i, (int) left);
        return;
      }
      FloatVector sum = add ? Lanes.load(y + i) : Lanes.broadcast(0);
      for (int c = 0; c < coils; c++) {
        FloatVector term =
            Lanes.multiplyConjugate(
                Lanes.load(x + c * bytes + i), Lanes.load(maps + c * bytes + i));
        sum = sum.add(term);
      }
      Lanes.store(sum, y + i);
    }
  }

  /** The pixels that do not fill a vector. */
  private static void combineRest(
      long x, long maps, long bytes, int coils, boolean add, long y, long start, int floats) {
    for (int j = 0; j < floats; j += 2) {
      long i = start + (long) j * FLOAT;
      float re = add ? Lanes.get(y + i) : 0;
      float im = add ? Lanes.get(y + i + FLOAT) : 0;
      for (int c = 0; c < coils; c++) {
        float xr = Lanes.get(x + c * bytes + i);
        float xi = Lanes.get(x + c * bytes + i + FLOAT);
        float sr = Lanes.get(maps + c * bytes + i);
        float si = Lanes.get(maps + c * bytes + i + FLOAT);
        re += sr * xr + si * xi;
        im += sr * xi - si * xr;
      }
      Lanes.set(y + i, re);
      Lanes.set(y + i + FLOAT, im);
    }
  }

  /** y_c = fft2c(S_c·x). */
  void expand(Array image, Array maps, Array y, long workspace) {
    long bytes = imageBytes(maps.spec());
    coilsByPixels(
        maps.spec(),
        (coil, from, to) ->
            multiply(
                maps.address() + coil * bytes,
                image.address(),
                y.address() + coil * bytes,
                from,
                to));
    fourier.centred(maps.spec(), false, y.address(), y.address(), maps.dim(0), workspace);
  }

  /** y_c = ifft2c(k_c)·conj(x). */
  void mapGrad(Array kspace, Array image, Array y, long workspace) {
    long bytes = imageBytes(kspace.spec());
    fourier.centred(kspace.spec(), true, kspace.address(), y.address(), kspace.dim(0), workspace);
    coilsByPixels(
        kspace.spec(),
        (coil, from, to) ->
            multiplyConjugate(y.address() + coil * bytes, image.address(), from, to));
  }

  private interface CoilLoop {
    void run(int coil, long from, long to);
  }

  private void coilsByPixels(TensorSpec coils, CoilLoop body) {
    long floats = imageBytes(coils) / FLOAT;
    int parts = Split.tasks(floats, Split.GRAIN);
    team.run(
        coils.shape().size(0) * parts,
        (task, worker) -> {
          long from = task % parts * Split.GRAIN;
          body.run(task / parts, from, Math.min(floats, from + Split.GRAIN));
        });
  }

  /** y = s·x for whole pixels of one coil; what follows y's last pixel is not touched. */
  private static void multiply(long s, long x, long y, long from, long to) {
    long i = from * FLOAT;
    long whole = i + (to - from) / Lanes.WIDTH * Lanes.BYTES;
    for (; i < whole; i += Lanes.BYTES) {
      Lanes.store(Lanes.multiply(Lanes.load(s + i), Lanes.load(x + i)), y + i);
    }
    for (; i < to * FLOAT; i += 2 * FLOAT) {
      float sr = Lanes.get(s + i);
      float si = Lanes.get(s + i + FLOAT);
      float xr = Lanes.get(x + i);
      float xi = Lanes.get(x + i + FLOAT);
      Lanes.set(y + i, sr * xr - si * xi);
      Lanes.set(y + i + FLOAT, sr * xi + si * xr);
    }
  }

  /** y = y·conj(x). */
  private static void multiplyConjugate(long y, long x, long from, long to) {
    long i = from * FLOAT;
    long whole = i + (to - from) / Lanes.WIDTH * Lanes.BYTES;
    for (; i < whole; i += Lanes.BYTES) {
      Lanes.store(Lanes.multiplyConjugate(Lanes.load(y + i), Lanes.load(x + i)), y + i);
    }
    for (; i < to * FLOAT; i += 2 * FLOAT) {
      float yr = Lanes.get(y + i);
      float yi = Lanes.get(y + i + FLOAT);
      float xr = Lanes.get(x + i);
      float xi = Lanes.get(x + i + FLOAT);
      Lanes.set(y + i, yr * xr + yi * xi);
      Lanes.set(y + i + FLOAT, yi * xr - yr * xi);
    }
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
