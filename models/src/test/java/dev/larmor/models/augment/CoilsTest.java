package dev.larmor.models.augment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Fields are smooth, of each coil its own, as strong as said, and keep the energy. */
final class CoilsTest {
  private static final int COILS = 3;
  private static final int HEIGHT = 27;
  private static final int WIDTH = 24;
  private static final TensorSpec IMAGES = TensorSpec.of(DType.C64, COILS, HEIGHT, WIDTH);

  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @AfterAll
  static void close() {
    device.close();
  }

  private static float[] varied(Philox stream, float[] images) {
    return Scope.run(() -> new Coils(stream).apply(device.tensor(IMAGES, images)).toFloats());
  }

  /** Images that are c + 1 in coil c. */
  private static float[] constants() {
    float[] images = new float[2 * COILS * HEIGHT * WIDTH];
    for (int i = 0; i < images.length; i += 2) {
      images[i] = 1 + i / (2 * HEIGHT * WIDTH);
    }
    return images;
  }

  private static double energy(float[] images) {
    double energy = 0;
    for (float v : images) {
      energy += (double) v * v;
    }
    return energy;
  }

  /** Logarithm and unwrapped phase of one coil's row or column. */
  private record Line(double[] logarithm, double[] phase) {
    static Line of(float[] images, int coil, boolean row, int at) {
      int n = row ? WIDTH : HEIGHT;
      double[] logarithm = new double[n];
      double[] phase = new double[n];
      double before = 0;
      for (int i = 0; i < n; i++) {
        int p = 2 * ((coil * HEIGHT + (row ? at : i)) * WIDTH + (row ? i : at));
        logarithm[i] = Math.log(Math.hypot(images[p], images[p + 1]));
        double angle = Math.atan2(images[p + 1], images[p]);
        phase[i] = i == 0 ? angle : phase[i - 1] + Math.IEEEremainder(angle - before, 2 * Math.PI);
        before = angle;
      }
      return new Line(logarithm, phase);
    }

    /** Slope and curvature of the parabola through the ends and the middle, by t in (−1, 1). */
    static double[] fit(double[] values) {
      int n = values.length;
      double end = 1 - 1.0 / n;
      double first = values[0];
      double last = values[n - 1];
      // The middle of an even number of pixels lies between two; of a parabola it is exact.
      int m = n / 2;
      double t = (2 * m + 1.0) / n - 1;
      double slope = (last - first) / (2 * end);
      double curvature = (values[m] - (first + last) / 2 - slope * t) / (t * t - end * end);
      return new double[] {slope, curvature};
    }

    static void assertParabola(double[] values) {
      for (int i = 3; i < values.length; i++) {
        double third = values[i] - 3 * values[i - 1] + 3 * values[i - 2] - values[i - 3];
        assertEquals(0, third, 2e-5);
      }
    }
  }

  @Test
  void fieldsAreSmoothAndSeparable() {
    for (int draw = 0; draw < 20; draw++) {
      float[] seen = varied(Philox.of(draw, "coils"), constants());
      for (int coil = 0; coil < COILS; coil++) {
        double[] slope = Line.fit(Line.of(seen, coil, true, 0).logarithm);
        for (boolean row : new boolean[] {true, false}) {
          for (int at : new int[] {0, 11, 23}) {
            Line line = Line.of(seen, coil, row, at);
            Line.assertParabola(line.logarithm);
            Line.assertParabola(line.phase);
            if (row) {
              assertEquals(slope[0], Line.fit(line.logarithm)[0], 1e-5, "in every row the same");
            }
          }
        }
      }
      assertEquals(energy(constants()), energy(seen), 1e-5 * energy(seen));
    }
  }

  /** Root mean squares over draws, coils and both axes. */
  @Test
  void fieldsAreAsStrongAsSaid() {
    int draws = 300;
    double[] squares = new double[6];
    for (int draw = 0; draw < draws; draw++) {
      float[] seen = varied(Philox.of(7, "coils").with(draw), constants());
      for (boolean row : new boolean[] {true, false}) {
        Line[] lines = new Line[COILS];
        for (int coil = 0; coil < COILS; coil++) {
          lines[coil] = Line.of(seen, coil, row, 5);
          add(squares, 0, Line.fit(lines[coil].logarithm), 1);
          add(squares, 2, Line.fit(lines[coil].phase), 1);
          if (coil > 0) { // the object's phase is in both
            double[] own = Line.fit(lines[coil].phase);
            double[] other = Line.fit(lines[coil - 1].phase);
            assertNotEquals(own[0], other[0]);
            add(squares, 4, new double[] {own[0] - other[0], own[1] - other[1]}, 1.5);
          }
        }
      }
    }
    double[] expected = {
      0.6, 0.3, Math.hypot(0.8, 1), Math.hypot(0.4, 0.7), Math.sqrt(2) * 0.8, Math.sqrt(2) * 0.4
    };
    for (int i = 0; i < squares.length; i++) {
      double found = Math.sqrt(squares[i] / (draws * 2 * COILS));
      assertEquals(expected[i], found, 0.08 * expected[i], "figure " + i);
    }
  }

  private static void add(double[] squares, int at, double[] values, double weight) {
    for (int i = 0; i < values.length; i++) {
      squares[at + i] += weight * values[i] * values[i];
    }
  }

  /** A coil's field hangs on the stream and the coil's number, not on what is received. */
  @Test
  void fieldsAreDrawnOfTheStreamAlone() {
    Philox stream = Philox.of(3, "coils");
    float[] ones = varied(stream, constants());
    float[] images = constants();
    for (int i = 0; i < images.length; i += 2) {
      images[i] *= 1 + i % 5;
    }
    float[] seen = varied(stream, images);
    double scale = Math.sqrt(energy(ones) / energy(constants()));
    double gain = 0;
    for (int i = 0; i < images.length; i += 2) {
      double factor = images[i] / constants()[i];
      double ratio = Math.hypot(seen[i], seen[i + 1]) / Math.hypot(ones[i], ones[i + 1]) / factor;
      gain = gain == 0 ? ratio : gain;
      assertEquals(gain, ratio, 1e-5);
    }
    assertEquals(1, scale, 1e-5);
    assertNotEquals(ones[0], varied(stream.with(1), constants())[0]);
  }
}
