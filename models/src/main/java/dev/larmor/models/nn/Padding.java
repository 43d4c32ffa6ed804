package dev.larmor.models.nn;

import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.op.Crop;
import dev.larmor.engine.op.Pad;
import java.util.List;

/**
 * How many rows and columns are put around an image, and taken away again.
 *
 * @param top rows before
 * @param bottom rows after
 * @param left columns before
 * @param right columns after
 * @param mode what the new pixels are
 */
public record Padding(int top, int bottom, int left, int right, Pad.Mode mode) {
  /**
   * Zeros up to the next multiple of {@code factor} in H and W: the smaller half before, the larger
   * after.
   */
  public static Padding around(Shape image, int factor) {
    int rows = missing(image.size(-2), factor);
    int columns = missing(image.size(-1), factor);
    return new Padding(
        rows / 2, rows - rows / 2, columns / 2, columns - columns / 2, Pad.Mode.ZERO);
  }

  /** Reflection up to the next multiple of {@code factor} in H and W, below and to the right. */
  public static Padding after(Shape image, int factor) {
    return new Padding(
        0, missing(image.size(-2), factor), 0, missing(image.size(-1), factor), Pad.Mode.REFLECT);
  }

  /**
   * Reflection in W alone up to the next multiple of {@code factor}: the larger half left, the
   * smaller right.
   */
  public static Padding columns(Shape image, int factor) {
    int columns = missing(image.size(-1), factor);
    return new Padding(0, 0, columns - columns / 2, columns / 2, Pad.Mode.REFLECT);
  }

  /** How far {@code n} is from the next multiple of {@code factor}. */
  static int missing(int n, int factor) {
    return Math.floorMod(factor - (n - factor), factor);
  }

  /** {@code […, H, W]} to {@code […, top + H + bottom, left + W + right]}. */
  public Tensor apply(Tensor x) {
    return isNothing() ? x : new Pad(List.of(top, left), List.of(bottom, right), mode).apply(x);
  }

  /** {@code […, top + H + bottom, left + W + right]} to {@code […, H, W]}. */
  public Tensor undo(Tensor x) {
    return isNothing()
        ? x
        : new Crop(
                List.of(top, left),
                List.of(x.shape().size(-2) - top - bottom, x.shape().size(-1) - left - right))
            .apply(x);
  }

  private boolean isNothing() {
    return top + bottom + left + right == 0;
  }
}
