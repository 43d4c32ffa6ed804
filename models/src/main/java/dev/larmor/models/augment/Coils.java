package dev.larmor.models.augment;

import dev.larmor.engine.DType;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelsToComplex;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.Dot;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Mul;
import dev.larmor.engine.op.Narrow;
import dev.larmor.engine.op.Reshape;
import dev.larmor.engine.op.ScaleBy;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Unary.Function;

/**
 * Other receive coils: each coil's image times a smooth complex field of its own, as if a coil of
 * another place and shape had received it, and all times one of magnitude 1, the object's phase.
 * The energy of all coils together stays.
 *
 * <p>A field is {@code exp(p(y) + q(x))}, p and q complex polynomials of degree 2 without constant
 * term, y and x from −1 to 1 over the image, with normal coefficients of the standard deviations
 * below. A network that has seen few arrays of coils learns from it not to know them by heart.
 *
 * @param stream decides the fields
 */
public record Coils(Philox stream) {
  private static final double MAGNITUDE_SLOPE = 0.6;
  private static final double MAGNITUDE_CURVATURE = 0.3;
  private static final double PHASE_SLOPE = 0.8;
  private static final double PHASE_CURVATURE = 0.4;
  private static final double OBJECT_SLOPE = 1;
  private static final double OBJECT_CURVATURE = 0.7;

  /** Keeps the energy of an image without any finite; no image notices it. */
  private static final double TINY = 1e-30;

  /** The coil images {@code C64[coils, H, W]} that other coils would have received. */
  Tensor apply(Tensor images) {
    Tensor all = Scope.run(() -> received(images));
    Tensor before = new Unary(Function.SQRT).apply(new Dot().apply(images, images));
    Tensor energy = new Affine(1, TINY).apply(new Dot().apply(all, all));
    return new ScaleBy()
        .apply(all, new Mul().apply(before, new Unary(Function.RSQRT).apply(energy)));
  }

  private Tensor received(Tensor images) {
    Shape shape = images.shape();
    Tensor[] received = new Tensor[shape.size(0)];
    for (int c = 0; c < received.length; c++) {
      int coil = c;
      received[c] =
          Scope.run(() ->
              new Mul()
                  .apply(
                      new Narrow(0, coil, 1).apply(images),
                      field(images, coil, shape.size(1), shape.size(2))));
    }
    return new Concat(0).apply(received);
  }

  /** A coil's field {@code C64[1, H, W]}, on the device of the images. */
  private Tensor field(Tensor images, int coil, int height, int width) {
    double[][] rows = factor(coil, "rows", height);
    double[][] columns = factor(coil, "columns", width);
    // The complex product r·c for all rows and columns: (re, -im; im, re) of r by (re, im) of c.
    float[] left = new float[2 * height * 2];
    for (int y = 0; y < height; y++) {
      left[2 * y] = (float) rows[0][y];
      left[2 * y + 1] = (float) -rows[1][y];
      left[2 * (height + y)] = (float) rows[1][y];
      left[2 * (height + y) + 1] = (float) rows[0][y];
    }
    float[] right = new float[2 * width];
    for (int x = 0; x < width; x++) {
      right[x] = (float) columns[0][x];
      right[width + x] = (float) columns[1][x];
    }
    Tensor parts =
        new MatMul(false, false)
            .apply(
                images.device().tensor(TensorSpec.of(DType.F32, 2L * height, 2), left),
                images.device().tensor(TensorSpec.of(DType.F32, 2, width), right));
    Shape channels = Shape.of(1, 2, height, width);
    return new ChannelsToComplex().apply(new Reshape(channels).apply(parts));
  }

  /** What a coil's field has of one axis, the object's phase in it: real and imaginary parts. */
  private double[][] factor(int coil, String axis, int n) {
    Philox own = stream.with("coil").with(coil).with(axis);
    Philox object = stream.with("object").with(axis);
    Parabola magnitude = Parabola.draw(own, 0, MAGNITUDE_SLOPE, MAGNITUDE_CURVATURE);
    Parabola phase = Parabola.draw(own, 2, PHASE_SLOPE, PHASE_CURVATURE);
    Parabola objectPhase = Parabola.draw(object, 0, OBJECT_SLOPE, OBJECT_CURVATURE);
    double[][] factor = new double[2][n];
    for (int i = 0; i < n; i++) {
      double t = (2 * i + 1.0) / n - 1;
      double radius = StrictMath.exp(magnitude.at(t));
      double angle = phase.at(t) + objectPhase.at(t);
      factor[0][i] = radius * StrictMath.cos(angle);
      factor[1][i] = radius * StrictMath.sin(angle);
    }
    return factor;
  }

  /** A polynomial of degree 2 without constant term. */
  private record Parabola(double slope, double curvature) {
    /** Normal coefficients of these deviations, from two numbers of a stream. */
    static Parabola draw(Philox stream, int first, double slope, double curvature) {
      return new Parabola(slope * stream.normal(first), curvature * stream.normal(first + 1));
    }

    double at(double t) {
      return t * (slope + curvature * t);
    }
  }
}
