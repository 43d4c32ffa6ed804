package dev.larmor.kernels.cpu.conv;

import java.util.Arrays;
import java.util.List;

/**
 * The definition of a convolution and of its two gradients, in double, as loops over everything.
 * Complex tensors are interleaved.
 */
final class NaiveConvolution {

  private final ConvShape shape;
  private final boolean complex;
  private final int parts; // doubles per element

  double[] x;
  double[] w;
  double[] bias;
  double[] y;

  NaiveConvolution(ConvShape shape, boolean complex) {
    this.shape = shape;
    this.complex = complex;
    this.parts = complex ? 2 : 1;
    x = new double[Math.toIntExact(shape.batch() * shape.inPixels() * shape.inChannels() * parts)];
    y =
        new double
            [Math.toIntExact(shape.batch() * shape.outPixels() * shape.outChannels() * parts)];
    w = new double[Math.toIntExact(shape.weights() * parts)];
  }

  void forward() {
    Arrays.fill(y, 0);
    if (bias != null) {
      for (int i = 0; i < y.length; i++) {
        y[i] = bias[i % bias.length];
      }
    }
    forEachTap((yAt, wAt, xAt, n) -> {
      for (int i = 0; i < n; i++) {
        add(y, yAt, w, wAt + i, 1, x, xAt + i);
      }
    });
  }

  void backwardData() {
    Arrays.fill(x, 0);
    forEachTap((yAt, wAt, xAt, n) -> {
      for (int i = 0; i < n; i++) {
        add(x, xAt + i, w, wAt + i, -1, y, yAt);
      }
    });
  }

  void backwardWeights() {
    Arrays.fill(w, 0);
    forEachTap((yAt, wAt, xAt, n) -> {
      for (int i = 0; i < n; i++) {
        add(w, wAt + i, x, xAt + i, -1, y, yAt);
      }
    });
  }

  /** target += a · b, a conjugated if {@code sign} is −1; the arguments are element numbers. */
  private void add(double[] target, int t, double[] a, int ai, int sign, double[] b, int bi) {
    if (!complex) {
      target[t] += a[ai] * b[bi];
      return;
    }
    double re = a[2 * ai];
    double im = sign * a[2 * ai + 1];
    target[2 * t] += re * b[2 * bi] - im * b[2 * bi + 1];
    target[2 * t + 1] += re * b[2 * bi + 1] + im * b[2 * bi];
  }

  /** One output element, one tap: {@code n} weights and inputs, the channels of a group. */
  private interface Tap {
    void at(int y, int w, int x, int n);
  }

  private void forEachTap(Tap body) {
    List<ConvShape.Axis> axes = DirectConvolution.threeAxes(shape);
    ConvShape.Axis depth = axes.get(0);
    ConvShape.Axis height = axes.get(1);
    ConvShape.Axis width = axes.get(2);
    int taps = shape.taps();
    int inPerGroup = shape.inChannels() / shape.groups();
    int outPerGroup = shape.outChannels() / shape.groups();
    int outPixels = (int) shape.outPixels();
    for (int pixel = 0; pixel < shape.batch() * outPixels; pixel++) {
      int n = pixel / outPixels;
      int oz = pixel / width.out() / height.out() % depth.out();
      int oy = pixel / width.out() % height.out();
      int ox = pixel % width.out();
      for (int tap = 0; tap < taps; tap++) {
        int iz = in(depth, oz, tap / width.kernel() / height.kernel());
        int iy = in(height, oy, tap / width.kernel() % height.kernel());
        int ix = in(width, ox, tap % width.kernel());
        if (iz < 0 || iy < 0 || ix < 0) {
          continue;
        }
        int inPixel = ((n * depth.in() + iz) * height.in() + iy) * width.in() + ix;
        for (int o = 0; o < shape.outChannels(); o++) {
          body.at(
              pixel * shape.outChannels() + o,
              (o * taps + tap) * inPerGroup,
              inPixel * shape.inChannels() + o / outPerGroup * inPerGroup,
              inPerGroup);
        }
      }
    }
  }

  private static int in(ConvShape.Axis axis, int out, int tap) {
    int at = out * axis.stride() - axis.padBefore() + tap * axis.dilation();
    return at < axis.in() ? at : -1;
  }
}
