package dev.larmor.models.picture;

/**
 * How a slice's pixels are shown, as its target decides: grey up to the brightest of its tissue,
 * differences in colour.
 *
 * @param white the value shown white
 * @param difference the difference shown in full colour
 */
public record Window(double white, double difference) {
  /** Full colour, as a share of the target's 99th percentile. */
  private static final double DIFFERENCE = 0.2;

  /** An empty target still has a window: in it, nothing is black and no difference too. */
  private static final double DARKEST = Float.MIN_NORMAL;

  /** The window for a target, its reconstructions and their errors. */
  public static Window of(Pixels target) {
    return new Window(
        Math.max(target.quantile(0.995), DARKEST),
        Math.max(DIFFERENCE * target.quantile(0.99), DARKEST));
  }

  /** Draws an image in grey. */
  public Picture image(Picture on, int left, int top, int scale, Pixels pixels) {
    return on.image(left, top, scale, pixels, 0, white, ColorMap.GRAY);
  }

  /** Draws a difference: yellow where it is negative, red where it is positive. */
  public Picture difference(Picture on, int left, int top, int scale, Pixels pixels) {
    return on.image(left, top, scale, pixels, -difference, difference, ColorMap.YELLOW_BLACK_RED);
  }
}
