package dev.larmor.kernels.ref;

import dev.larmor.engine.op.AvgPool;
import dev.larmor.engine.op.Conv;
import java.util.List;

/**
 * Convolutions and pooling. A convolution joins input, weight and output elements in triples; its
 * three computations run over the same triples and add the product of two to the third.
 */
final class Convolution {
  private Convolution() {}

  /** Is told of a triple of row-major indices: input, weight and output element. */
  private interface Triple {
    void visit(long x, long w, long y);
  }

  /** Extent of spatial axis 0 (D), 1 (H) or 2 (W); a 2-D feature map has D = 1. */
  private static int extent(RefTensor t, int axis) {
    return axis == 0 && t.shape().rank() == 4 ? 1 : t.dim(axis - 3);
  }

  /** The attribute of spatial axis 0 (D), 1 (H) or 2 (W). */
  private static int attribute(List<Integer> values, int axis, int ifAbsent) {
    int i = axis - 3 + values.size();
    return i < 0 ? ifAbsent : values.get(i);
  }

  /** Where output {@code o} under kernel tap {@code k} reads the input; may lie outside. */
  private static int tap(Conv op, int axis, int o, int k) {
    return o * attribute(op.stride(), axis, 1)
        - attribute(op.padding(), axis, 0)
        + k * attribute(op.dilation(), axis, 1);
  }

  private static void triples(Conv op, RefTensor x, RefTensor w, RefTensor y, Triple triple) {
    int inputs = w.dim(1);
    int outputs = w.dim(0) / op.groups();
    for (int n = 0; n < y.dim(0); n++) {
      for (int o = 0; o < y.dim(1); o++) {
        for (int i = 0; i < inputs; i++) {
          for (int kd = 0; kd < extent(w, 0); kd++) {
            for (int kh = 0; kh < extent(w, 1); kh++) {
              for (int yd = 0; yd < extent(y, 0); yd++) {
                for (int yh = 0; yh < extent(y, 1); yh++) {
                  int xd = tap(op, 0, yd, kd);
                  int xh = tap(op, 1, yh, kh);
                  if (xd >= 0 && xd < extent(x, 0) && xh >= 0 && xh < extent(x, 1)) {
                    row(
                        op,
                        index(x, n, o / outputs * inputs + i, xd, xh, 0),
                        extent(x, 2),
                        index(w, o, i, kd, kh, 0),
                        extent(w, 2),
                        index(y, n, o, yd, yh, 0),
                        extent(y, 2),
                        triple);
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /** The triples of a row of the input, of the kernel and of the output. */
  private static void row(
      Conv op, long x, int xs, long w, int taps, long y, int ys, Triple triple) {
    int stride = attribute(op.stride(), 2, 1);
    for (int kw = 0; kw < taps; kw++) {
      int first = tap(op, 2, 0, kw);
      for (int yw = 0; yw < ys; yw++) {
        int xw = first + yw * stride;
        if (xw >= 0 && xw < xs) {
          triple.visit(x + xw, w + kw, y + yw);
        }
      }
    }
  }

  private static long index(RefTensor t, int a, int b, int d, int h, int w) {
    return ((((long) a * t.dim(1) + b) * extent(t, 0) + d) * extent(t, 1) + h) * extent(t, 2) + w;
  }

  /** y = Σ w·x + b. */
  static void conv(Conv op, RefTensor x, RefTensor w, RefTensor bias, RefTensor y) {
    y.zero();
    triples(
        op,
        x,
        w,
        y,
        (xi, wi, yi) ->
            y.add(
                yi,
                w.re(wi) * x.re(xi) - w.im(wi) * x.im(xi),
                w.re(wi) * x.im(xi) + w.im(wi) * x.re(xi)));
    if (bias != null) {
      Channelwise.addBias(y, bias, y);
    }
  }

  /** gx = Σ conj(w)·g. */
  static void convInput(Conv op, RefTensor g, RefTensor w, RefTensor gx) {
    gx.zero();
    triples(
        op,
        gx,
        w,
        g,
        (xi, wi, gi) ->
            gx.add(
                xi,
                w.re(wi) * g.re(gi) + w.im(wi) * g.im(gi),
                w.re(wi) * g.im(gi) - w.im(wi) * g.re(gi)));
  }

  /** gw = Σ conj(x)·g. */
  static void convWeight(Conv op, RefTensor x, RefTensor g, RefTensor gw) {
    gw.zero();
    triples(
        op,
        x,
        gw,
        g,
        (xi, wi, gi) ->
            gw.add(
                wi,
                x.re(xi) * g.re(gi) + x.im(xi) * g.im(gi),
                x.re(xi) * g.im(gi) - x.im(xi) * g.re(gi)));
  }

  /** Is told of an element and of the window it belongs to. */
  private interface Member {
    void visit(long x, long y);
  }

  private static void members(AvgPool op, RefTensor x, RefTensor y, Member member) {
    for (int n = 0; n < x.dim(0); n++) {
      for (int c = 0; c < x.dim(1); c++) {
        for (int d = 0; d < extent(x, 0); d++) {
          for (int h = 0; h < extent(x, 1); h++) {
            for (int w = 0; w < extent(x, 2); w++) {
              int yd = d / attribute(op.window(), 0, 1);
              int yh = h / attribute(op.window(), 1, 1);
              int yw = w / attribute(op.window(), 2, 1);
              if (yd < extent(y, 0) && yh < extent(y, 1) && yw < extent(y, 2)) {
                member.visit(index(x, n, c, d, h, w), index(y, n, c, yd, yh, yw));
              }
            }
          }
        }
      }
    }
  }

  private static double windowSize(AvgPool op) {
    return op.window().stream().mapToDouble(Integer::doubleValue).reduce(1, (a, b) -> a * b);
  }

  static void avgPool(AvgPool op, RefTensor x, RefTensor y) {
    double size = windowSize(op);
    y.zero();
    members(op, x, y, (xi, yi) -> y.add(yi, x.re(xi) / size, 0));
  }

  static void avgPoolGrad(AvgPool op, RefTensor g, RefTensor gx) {
    double size = windowSize(op);
    gx.zero();
    members(op, gx, g, (xi, gi) -> gx.add(xi, g.re(gi) / size, 0));
  }
}
