package dev.larmor.models.data.nifti;

/**
 * A rotation as NIfTI's qform stores it: the unit quaternion whose first part follows from the
 * other three and is not negative.
 *
 * @param b along the first axis
 * @param c along the second
 * @param d along the third
 */
record Quaternion(double b, double c, double d) {
  /** The square of the first part below which single precision can not tell it from zero. */
  private static final double NOTHING = 1e-7;

  /** Parts that leave nothing for the first one, or less, are brought to a length of 1. */
  Quaternion {
    double squares = b * b + c * c + d * d;
    if (1 - squares < NOTHING) {
      double length = Math.sqrt(squares);
      b /= length;
      c /= length;
      d /= length;
    }
  }

  /** The rotation as a matrix of three rows. */
  double[][] matrix() {
    double a = Math.sqrt(Math.max(0, 1 - b * b - c * c - d * d));
    return new double[][] {
      {a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)},
      {2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)},
      {2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c}
    };
  }

  /** Of a rotation matrix; the largest part is the one divided by, so nothing cancels. */
  static Quaternion of(double[][] m) {
    double[] squares = { // of a, b, c, d, times 4
      1 + m[0][0] + m[1][1] + m[2][2],
      1 + m[0][0] - m[1][1] - m[2][2],
      1 - m[0][0] + m[1][1] - m[2][2],
      1 - m[0][0] - m[1][1] + m[2][2]
    };
    int largest = 0;
    for (int i = 1; i < 4; i++) {
      if (squares[i] > squares[largest]) {
        largest = i;
      }
    }
    double twice = Math.sqrt(squares[largest]);
    double[] q =
        switch (largest) {
          case 0 ->
              new double[] {twice * twice, m[2][1] - m[1][2], m[0][2] - m[2][0], m[1][0] - m[0][1]};
          case 1 ->
              new double[] {m[2][1] - m[1][2], twice * twice, m[0][1] + m[1][0], m[0][2] + m[2][0]};
          case 2 ->
              new double[] {m[0][2] - m[2][0], m[0][1] + m[1][0], twice * twice, m[1][2] + m[2][1]};
          default ->
              new double[] {m[1][0] - m[0][1], m[0][2] + m[2][0], m[1][2] + m[2][1], twice * twice};
        };
    double scale = (q[0] < 0 ? -1 : 1) / (2 * twice);
    return new Quaternion(scale * q[1], scale * q[2], scale * q[3]);
  }
}
