package dev.larmor.models.data.simulate;

import dev.larmor.engine.Philox;

/**
 * The smooth phase of the image: a random polynomial of second degree, up to some radians over the
 * object, as field inhomogeneity and the receive chain leave it.
 */
final class ObjectPhase {
  private final Subject subject;

  /** Of 1, x, y, z, x², y², z², xy, xz, yz, with the object in [−1, 1] along each axis. */
  private final double[] coefficients = new double[10];

  ObjectPhase(Subject subject, Philox draws) {
    this.subject = subject;
    coefficients[0] = 2 * Math.PI * draws.uniform(0);
    for (int i = 1; i < coefficients.length; i++) {
      double size = i < 4 ? 1.0 : 0.7;
      coefficients[i] = size * (2 * draws.uniform(i) - 1);
    }
  }

  /** The phase at a point, in radians. */
  double at(double[] mm) {
    double[] u = new double[3];
    for (int axis = 0; axis < 3; axis++) {
      double half = Math.max(subject.extent(axis) / 2, subject.spacing(axis));
      u[axis] = (mm[axis] - subject.centre(axis)) / half;
    }
    double[] c = coefficients;
    return c[0]
        + c[1] * u[0]
        + c[2] * u[1]
        + c[3] * u[2]
        + c[4] * u[0] * u[0]
        + c[5] * u[1] * u[1]
        + c[6] * u[2] * u[2]
        + c[7] * u[0] * u[1]
        + c[8] * u[0] * u[2]
        + c[9] * u[1] * u[2];
  }
}
