package dev.larmor.kernels.ref;

import dev.larmor.engine.op.Fft2;
import dev.larmor.engine.op.Resample;
import java.lang.foreign.MemorySegment;

/** Ops on multi-coil k-space, coil images and sensitivity maps, {@code C64[coils, H, W]}. */
final class Coils {
  private static final Fft2 TO_KSPACE = new Fft2(false, true);
  private static final Fft2 TO_IMAGE = new Fft2(true, true);

  private Coils() {}

  private static long pixels(RefTensor coils) {
    return (long) coils.dim(1) * coils.dim(2);
  }

  private static RefTensor like(RefTensor x) {
    return new RefTensor(x.spec(), MemorySegment.ofArray(new double[Math.toIntExact(x.reals())]));
  }

  private static RefTensor coilImages(RefTensor kspace) {
    RefTensor images = like(kspace);
    Fourier.fft2(TO_IMAGE, kspace, images);
    return images;
  }

  /** y = Σ_c conj(S_c)·ifft2c(k_c). */
  static void sensReduce(RefTensor kspace, RefTensor maps, RefTensor y) {
    RefTensor images = coilImages(kspace);
    y.zero();
    for (long i = 0; i < maps.elements(); i++) {
      y.add(
          i % pixels(maps),
          maps.re(i) * images.re(i) + maps.im(i) * images.im(i),
          maps.re(i) * images.im(i) - maps.im(i) * images.re(i));
    }
  }

  /** y_c = fft2c(S_c·x). */
  static void sensExpand(RefTensor image, RefTensor maps, RefTensor y) {
    RefTensor coils = like(maps);
    for (long i = 0; i < maps.elements(); i++) {
      long p = i % pixels(maps);
      coils.set(
          i,
          maps.re(i) * image.re(p) - maps.im(i) * image.im(p),
          maps.re(i) * image.im(p) + maps.im(i) * image.re(p));
    }
    Fourier.fft2(TO_KSPACE, coils, y);
  }

  /** y_c = ifft2c(k_c)·conj(x). */
  static void mapGrad(RefTensor kspace, RefTensor image, RefTensor y) {
    RefTensor images = coilImages(kspace);
    for (long i = 0; i < y.elements(); i++) {
      long p = i % pixels(y);
      y.set(
          i,
          images.re(i) * image.re(p) + images.im(i) * image.im(p),
          images.im(i) * image.re(p) - images.re(i) * image.im(p));
    }
  }

  static void maskColumns(RefTensor k, RefTensor mask, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double m = mask.re(i % k.dim(2));
      y.set(i, m * k.re(i), m * k.im(i));
    }
  }

  static void maskedResidual(RefTensor k, RefTensor reference, RefTensor mask, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double m = mask.re(i % k.dim(2));
      y.set(i, m * (k.re(i) - reference.re(i)), m * (k.im(i) - reference.im(i)));
    }
  }

  static void softDataConsistency(
      RefTensor k,
      RefTensor reference,
      RefTensor refinement,
      RefTensor mask,
      RefTensor weight,
      RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double wm = weight.re(0) * mask.re(i % k.dim(2));
      y.set(
          i,
          k.re(i) - wm * (k.re(i) - reference.re(i)) - refinement.re(i),
          k.im(i) - wm * (k.im(i) - reference.im(i)) - refinement.im(i));
    }
  }

  static void kspaceGrad(RefTensor g, RefTensor mask, RefTensor weight, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double factor = 1 - weight.re(0) * mask.re(i % g.dim(2));
      y.set(i, factor * g.re(i), factor * g.im(i));
    }
  }

  /** Root sum of squares over the coils at pixel {@code p}. */
  private static double rss(RefTensor x, long p) {
    double sum = 0;
    for (long i = p; i < x.elements(); i += pixels(x)) {
      sum += x.re(i) * x.re(i) + x.im(i) * x.im(i);
    }
    return Math.sqrt(sum);
  }

  static void rss(RefTensor x, RefTensor y) {
    for (long p = 0; p < pixels(x); p++) {
      y.set(p, rss(x, p));
    }
  }

  static void rssGrad(RefTensor g, RefTensor x, RefTensor rss, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      long p = i % pixels(x);
      double factor = rss.re(p) == 0 ? 0 : g.re(p) / rss.re(p);
      y.set(i, factor * x.re(i), factor * x.im(i));
    }
  }

  static void rssNormalize(RefTensor x, RefTensor y) {
    for (long i = 0; i < y.elements(); i++) {
      double rss = rss(x, i % pixels(x));
      y.set(i, rss == 0 ? 0 : x.re(i) / rss, rss == 0 ? 0 : x.im(i) / rss);
    }
  }

  static void rssNormalizeGrad(RefTensor g, RefTensor x, RefTensor y) {
    for (long p = 0; p < pixels(x); p++) {
      double rss = rss(x, p);
      double along = 0; // Σ_c Re(conj(x_c)·g_c) / rss²
      for (long i = p; i < x.elements(); i += pixels(x)) {
        along += (x.re(i) * g.re(i) + x.im(i) * g.im(i)) / (rss * rss);
      }
      for (long i = p; i < x.elements(); i += pixels(x)) {
        y.set(
            i,
            rss == 0 ? 0 : (g.re(i) - along * x.re(i)) / rss,
            rss == 0 ? 0 : (g.im(i) - along * x.im(i)) / rss);
      }
    }
  }

  /** Bilinear between the four pixels around each place. */
  static void resample(Resample op, RefTensor x, RefTensor y) {
    int height = x.dim(1);
    int width = x.dim(2);
    for (long i = 0; i < y.elements(); i++) {
      int h = (int) (i % pixels(x) / width);
      int w = (int) (i % width);
      double row = Math.clamp(op.row().at(h, w), 0.0, height - 1.0);
      double column = Math.clamp(op.column().at(h, w), 0.0, width - 1.0);
      double re = 0;
      double im = 0;
      for (int r = (int) row; r < Math.min(row + 1, height); r++) {
        for (int c = (int) column; c < Math.min(column + 1, width); c++) {
          double weight = (1 - Math.abs(r - row)) * (1 - Math.abs(c - column));
          long from = i / pixels(x) * pixels(x) + (long) r * width + c;
          re += weight * x.re(from);
          im += weight * x.im(from);
        }
      }
      y.set(i, re, im);
    }
  }
}
