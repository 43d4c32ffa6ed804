package dev.larmor.models.augment;

import dev.larmor.engine.op.Resample;
import dev.larmor.engine.op.Resample.Axis;

/**
 * Another place and size of what is seen: mirrored first, then turned and stretched about the
 * image's centre, then moved. The centre is that of the Fourier transform and of cropping, index
 * ⌊n/2⌋; the mirror's line is the middle of the columns, so that it takes pixels to pixels.
 *
 * @param mirrored left becomes right
 * @param degrees counter-clockwise
 * @param scale more than 1 enlarges
 * @param down pixels by which everything moves down
 * @param right pixels by which everything moves right
 */
public record Geometry(boolean mirrored, double degrees, double scale, int down, int right) {
  /** No change. */
  public static final Geometry SAME = new Geometry(false, 0, 1, 0, 0);

  public Geometry {
    if (!(scale > 0)) {
      throw new IllegalArgumentException("scale must be positive, not " + scale);
    }
  }

  /** Where the pixels of images {@code [height, width]} come from. */
  Resample resample(int height, int width) {
    double cos = StrictMath.cos(StrictMath.toRadians(degrees)) / scale;
    double sin = StrictMath.sin(StrictMath.toRadians(degrees)) / scale;
    int middleRow = height / 2;
    int middleColumn = width / 2;
    // Offsets of pixel (0, 0) from where the centre went.
    int y = -middleRow - down;
    int x = -middleColumn - right;
    Axis row = new Axis(middleRow + cos * y + sin * x, cos, sin);
    Axis column = new Axis(middleColumn + cos * x - sin * y, -sin, cos);
    return new Resample(
        row,
        mirrored ? new Axis(width - 1 - column.start(), -column.down(), -column.right()) : column);
  }
}
