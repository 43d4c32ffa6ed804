package dev.larmor.models.ssl.adapt.segmentation;

import dev.larmor.engine.Philox;
import dev.larmor.models.simclr.view.Box;
import dev.larmor.models.simclr.view.Extent;
import dev.larmor.models.simclr.view.Span;

/**
 * A patch turned about its centre and seen at another scale, as nnU-Net draws it: one patch in five
 * turned by up to 30 degrees about each axis, one in five magnified 1/1.4 to 1/0.7 times.
 *
 * @param matrix from places in the patch to places in the image, both seen from the centre
 */
record SpatialChange(double[][] matrix) {
  private static final double TURNED = 0.2;
  private static final double MOST_ANGLE = Math.toRadians(30);
  private static final double SCALED = 0.2;
  private static final double LEAST_SCALE = 0.7;
  private static final double MOST_SCALE = 1.4;

  /** Draws a change; most often the patch stays as it is, which is null. */
  static SpatialChange draw(Philox stream) {
    boolean turned = stream.uniform(0) < TURNED;
    boolean scaled = stream.uniform(1) < SCALED;
    if (!turned && !scaled) {
      return null;
    }
    double scale =
        !scaled
            ? 1
            : stream.uniform(2) < 0.5
                ? LEAST_SCALE + (1 - LEAST_SCALE) * stream.uniform(3)
                : 1 + (MOST_SCALE - 1) * stream.uniform(3);
    double[][] matrix = {{scale, 0, 0}, {0, scale, 0}, {0, 0, scale}};
    for (int axis = 0; turned && axis < 3; axis++) {
      double angle = MOST_ANGLE * (2 * stream.uniform(4 + axis) - 1);
      matrix = product(rotation(axis, angle), matrix);
    }
    return new SpatialChange(matrix);
  }

  private static double[][] rotation(int axis, double angle) {
    double[][] m = new double[3][3];
    int a = (axis + 1) % 3;
    int b = (axis + 2) % 3;
    m[axis][axis] = 1;
    m[a][a] = StrictMath.cos(angle);
    m[b][b] = m[a][a];
    m[b][a] = StrictMath.sin(angle);
    m[a][b] = -m[b][a];
    return m;
  }

  private static double[][] product(double[][] a, double[][] b) {
    double[][] c = new double[3][3];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        c[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
      }
    }
    return c;
  }

  /** What of the image is looked at for a patch. */
  Box source(Box patch) {
    Span[] spans = new Span[3];
    for (int axis = 0; axis < 3; axis++) {
      double reach = 1;
      for (int other = 0; other < 3; other++) {
        reach += Math.abs(matrix[axis][other]) * patch.along(other).size() / 2;
      }
      double centre = centre(patch.along(axis));
      int first = (int) Math.floor(centre - reach);
      spans[axis] = new Span(first, (int) Math.ceil(centre + reach) + 1 - first);
    }
    return new Box(spans[0], spans[1], spans[2]);
  }

  private static double centre(Span span) {
    return span.start() + (span.size() - 1) / 2.0;
  }

  /**
   * Makes the patch from what was looked at.
   *
   * @param image the values of {@code source}, trilinear between them
   * @param labels of the same voxels; the nearest is taken
   * @param channels of the image
   */
  void apply(
      Box patch, Box source, float[] image, byte[] labels, int channels, float[] into, byte[] to) {
    Extent from = source.extent();
    double[] middle = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      middle[axis] = centre(patch.along(axis)) - source.along(axis).start();
    }
    Extent size = patch.extent();
    int at = 0;
    for (int i0 = 0; i0 < size.n0(); i0++) {
      for (int i1 = 0; i1 < size.n1(); i1++) {
        for (int i2 = 0; i2 < size.n2(); i2++, at++) {
          double d0 = i0 - (size.n0() - 1) / 2.0;
          double d1 = i1 - (size.n1() - 1) / 2.0;
          double d2 = i2 - (size.n2() - 1) / 2.0;
          double x0 = middle[0] + matrix[0][0] * d0 + matrix[0][1] * d1 + matrix[0][2] * d2;
          double x1 = middle[1] + matrix[1][0] * d0 + matrix[1][1] * d1 + matrix[1][2] * d2;
          double x2 = middle[2] + matrix[2][0] * d0 + matrix[2][1] * d1 + matrix[2][2] * d2;
          int n0 = (int) Math.floor(x0);
          int n1 = (int) Math.floor(x1);
          int n2 = (int) Math.floor(x2);
          float w0 = (float) (x0 - n0);
          float w1 = (float) (x1 - n1);
          float w2 = (float) (x2 - n2);
          int corner = (n0 * from.n1() + n1) * from.n2() + n2;
          for (int c = 0; c < channels; c++) {
            int low = c * from.voxels() + corner;
            int high = low + from.plane();
            into[c * size.voxels() + at] =
                mix(
                    mix(row(image, low, w2), row(image, low + from.n2(), w2), w1),
                    mix(row(image, high, w2), row(image, high + from.n2(), w2), w1),
                    w0);
          }
          to[at] =
              labels[
                  corner
                      + (w0 < 0.5f ? 0 : from.plane())
                      + (w1 < 0.5f ? 0 : from.n2())
                      + (w2 < 0.5f ? 0 : 1)];
        }
      }
    }
  }

  private static float row(float[] values, int at, float weight) {
    return mix(values[at], values[at + 1], weight);
  }

  private static float mix(float low, float high, float weight) {
    return low + weight * (high - low);
  }
}
