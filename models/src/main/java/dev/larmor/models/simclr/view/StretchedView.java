package dev.larmor.models.simclr.view;

/**
 * The original's view: a crop, stretched to the view's size; then flipped, turned, shifted in
 * intensity, and its contrast changed, in this order.
 *
 * <p>The stretched crop and the turned one are two interpolations, as in the original, but one
 * plane at a time: all that is needed beside the view are a few planes.
 *
 * @param crop in the patch's voxels
 * @param size the view's
 * @param flips of the stretched crop
 * @param angle of a rotation in the plane of axes 1 and 2, in radians from axis 1 towards 2; 0 is
 *     none
 * @param shift added to all values; 0 is none
 * @param gamma the power of values between least (0) and greatest (1); 1 is none
 */
public record StretchedView(
    Box crop, Extent size, Flips flips, double angle, float shift, float gamma) implements View {
  public StretchedView {
    if (!(gamma > 0)) {
      throw new IllegalArgumentException("gamma must be positive, not " + gamma);
    }
  }

  @Override
  public void apply(Volume patch, float[] into) {
    Volume.checkSize(into, size);
    Resize resize = new Resize(patch, crop, flips, size);
    if (angle == 0) {
      for (int i0 = 0; i0 < size.n0(); i0++) {
        resize.plane(i0, into, i0 * size.plane());
      }
    } else {
      Turn turn = new Turn(size, angle);
      float[] upright = new float[size.plane()];
      for (int i0 = 0; i0 < size.n0(); i0++) {
        resize.plane(i0, upright, 0);
        turn.plane(upright, into, i0 * size.plane());
      }
    }
    intensity(into);
  }

  private void intensity(float[] values) {
    if (shift != 0) {
      for (int i = 0; i < values.length; i++) {
        values[i] += shift;
      }
    }
    if (gamma != 1) {
      float least = values[0];
      float most = values[0];
      for (float value : values) {
        least = Math.min(least, value);
        most = Math.max(most, value);
      }
      new Gamma(gamma).apply(values, least, most);
    }
  }
}
