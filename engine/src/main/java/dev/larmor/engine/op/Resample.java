package dev.larmor.engine.op;

import dev.larmor.engine.TensorSpec;
import java.util.List;

/**
 * Coil images {@code C64[coils, H, W]} turned, stretched and moved, all of them by one affine map:
 * pixel (h, w) of the output is the input at row {@code row.at(h, w)} and column {@code
 * column.at(h, w)}, bilinear between the four pixels around that place. A place outside the image
 * is moved to the nearest one inside. A place that is a pixel's gives that pixel as it is, so
 * mirroring and moving by whole pixels compute nothing.
 */
public record Resample(Axis row, Axis column) implements Op.NotDifferentiable {
  /**
   * Where an output pixel is read on one axis, in pixels of the input.
   *
   * @param start the place for the output's first pixel
   * @param down what one row further adds
   * @param right what one column further adds
   */
  public record Axis(double start, double down, double right) {
    public Axis {
      if (!Double.isFinite(start + down + right)) {
        throw new IllegalArgumentException(
            "resampling from %s, %s a row, %s a column: not finite".formatted(start, down, right));
      }
    }

    /** The place that pixel (h, w) of the output is read at. */
    public double at(int h, int w) {
      return start + down * h + right * w;
    }
  }

  @Override
  public List<TensorSpec> infer(List<TensorSpec> in) {
    Check.count(this, in, 1);
    Check.coils(this, "input", in.getFirst());
    return in;
  }

  /** Three interpolations of complex numbers. */
  @Override
  public Cost cost(List<TensorSpec> in, List<TensorSpec> out) {
    return Check.cost(in, out, 3 * 6);
  }
}
