package dev.larmor.models.data.simulate;

import dev.larmor.engine.Philox;

/**
 * Receive coils: circular loops around the object, on one ring (two from eleven coils on) of an
 * elliptic cylinder along the main field, each facing the axis.
 *
 * <p>By reciprocity a coil's sensitivity at a point is the transverse field that a unit current in
 * it would make there, {@code S = Bx − i·By} with the main field along z (Hoult, "The principle of
 * reciprocity in signal strength calculations", Concepts Magn. Reson. 12, 2000); the field is Biot
 * and Savart's, summed over straight pieces of the loop. It is smooth, strong near the coil, and
 * has the phase that real maps have.
 */
final class CoilArray {
  /** Straight pieces per loop. */
  private static final int PIECES = 24;

  /** Between the object's box and the loops, in mm. */
  private static final double GAP = 40;

  /** Middle and direction of each piece: {@code [coil][piece][x, y, z, dx, dy, dz]}. */
  private final double[][][] pieces;

  /** A constant phase for each coil: cables and receivers differ. */
  private final double[] phase;

  CoilArray(int coils, Subject subject, Philox draws) {
    pieces = new double[coils][][];
    phase = new double[coils];
    int rings = coils > 10 ? 2 : 1;
    double a = subject.extent(0) / 2 + GAP;
    double b = subject.extent(1) / 2 + GAP;
    int coil = 0;
    for (int ring = 0; ring < rings; ring++) {
      int onRing = coils / rings + (ring < coils % rings ? 1 : 0);
      double circumference = 2 * Math.PI * Math.sqrt((a * a + b * b) / 2);
      double radius = Math.min(0.6 * circumference / onRing, 0.6 * Math.min(a, b));
      double height = (ring - (rings - 1) / 2.0) * 1.5 * radius;
      double turn = 0.5 * ring; // the rings' coils are staggered
      for (int i = 0; i < onRing; i++, coil++) {
        double angle = 2 * Math.PI * (i + turn + 0.2 * (draws.uniform(2L * coil) - 0.5)) / onRing;
        phase[coil] = 2 * Math.PI * draws.uniform(2L * coil + 1);
        double[] middle = {
          subject.centre(0) + a * StrictMath.cos(angle),
          subject.centre(1) + b * StrictMath.sin(angle),
          subject.centre(2) + height
        };
        pieces[coil] = loop(middle, radius, angle);
      }
    }
  }

  /** A loop in the plane spanned by z and the tangent at {@code angle}. */
  private static double[][] loop(double[] middle, double radius, double angle) {
    double tangentX = -StrictMath.sin(angle);
    double tangentY = StrictMath.cos(angle);
    double[][] loop = new double[PIECES][];
    for (int p = 0; p < PIECES; p++) {
      double t = 2 * Math.PI * p / PIECES;
      double along = radius * StrictMath.cos(t);
      double up = radius * StrictMath.sin(t);
      double length = 2 * Math.PI * radius / PIECES;
      double alongStep = -length * StrictMath.sin(t);
      double upStep = length * StrictMath.cos(t);
      loop[p] =
          new double[] {
            middle[0] + along * tangentX,
            middle[1] + along * tangentY,
            middle[2] + up,
            alongStep * tangentX,
            alongStep * tangentY,
            upStep
          };
    }
    return loop;
  }

  int coils() {
    return pieces.length;
  }

  /**
   * A coil's sensitivity at a point, in arbitrary units common to all.
   *
   * @param mm the point
   * @param sensitivity receives real and imaginary part
   */
  void sensitivity(int coil, double[] mm, double[] sensitivity) {
    double bx = 0;
    double by = 0;
    for (double[] piece : pieces[coil]) {
      double rx = mm[0] - piece[0];
      double ry = mm[1] - piece[1];
      double rz = mm[2] - piece[2];
      double distance2 = rx * rx + ry * ry + rz * rz + 1; // never on the wire itself
      double scale = 1 / (distance2 * Math.sqrt(distance2));
      bx += (piece[4] * rz - piece[5] * ry) * scale;
      by += (piece[5] * rx - piece[3] * rz) * scale;
    }
    double c = StrictMath.cos(phase[coil]);
    double s = StrictMath.sin(phase[coil]);
    sensitivity[0] = bx * c + by * s;
    sensitivity[1] = bx * s - by * c;
  }
}
