package dev.larmor.models.simclr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss against the original's values, and in the cases that have a formula. */
final class NtXentTest {
  private static Device device;

  @BeforeAll
  static void open() {
    device = Device.open(System.getProperty("larmor.device", "cpu"));
  }

  @AfterAll
  static void close() {
    device.close();
  }

  private static Tensor rows(int n, int d, DoubleUnaryOperator value) {
    double[] values = IntStream.range(0, n * d).mapToDouble(value::applyAsDouble).toArray();
    return device.fromDoubles(TensorSpec.of(DType.F32, n, d), values);
  }

  private static Tensor sines() {
    return rows(4, 8, k -> Math.sin(k + 1));
  }

  private static Tensor cosines() {
    return rows(4, 8, k -> Math.cos(0.5 * k + 0.3));
  }

  @ParameterizedTest
  @CsvSource({"0.5, 1.812591138226563", "0.1, 4.243679549695838", "1, 1.7960838292379062"})
  void values(double temperature, double expected) {
    Scope.run(() -> {
      NtXent.Batch batch = new NtXent(temperature).loss(sines(), cosines());
      assertEquals(expected, batch.loss().item(), 1e-6 * expected);
      assertEquals(0, batch.accuracy());
    });
  }

  @Test
  void gradients() {
    double[][] expected = SimClrCase.ntXentGradients();
    Scope.run(() -> {
      Tensor first = sines();
      Tensor second = cosines();
      double[][] found = new double[2][];
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        tape.watch(first, g -> found[0] = g.toDoubles());
        tape.watch(second, g -> found[1] = g.toDoubles());
        Tensor loss = tape.record(() -> NtXent.DEFAULT.loss(first, second).loss());
        tape.backward(loss, 1, (parameter, gradient) -> {});
      }
      for (int d = 0; d < 8; d++) {
        assertEquals(expected[0][d], found[0][d], 1e-7, "first view, row 0");
        assertEquals(expected[1][d], found[1][3 * 8 + d], 1e-7, "second view, row 3");
      }
    });
  }

  /** Embeddings that are all the same tell nothing: ln(2N − 1). */
  @ParameterizedTest
  @CsvSource({"10, 2.9444389791664403", "120, 5.476463551931511"})
  void collapse(int n, double expected) {
    Scope.run(() -> {
      NtXent.Batch batch = NtXent.DEFAULT.loss(rows(n, 4, k -> 2), rows(n, 4, k -> 1));
      assertEquals(expected, batch.loss().item(), 1e-6 * expected);
      assertEquals(0, batch.accuracy(), "a tie is not right");
    });
  }

  /** Images as different as can be, in two views that are the same. */
  @ParameterizedTest
  @CsvSource({"10, 1.2343182189298578", "120, 3.502844935108495"})
  void orthogonal(int n, double expected) {
    Scope.run(() -> {
      Tensor z = rows(n, n, k -> (int) k / n == (int) k % n ? 3 : 0);
      NtXent.Batch batch = NtXent.DEFAULT.loss(z, z);
      assertEquals(expected, batch.loss().item(), 1e-6 * expected);
      assertEquals(1, batch.accuracy());
    });
  }

  /** By the formula, in plain Java: rows of one group are no negatives of each other. */
  @Test
  void groups() {
    int[] groups = {7, 3, 7, 9};
    double[][] u = new double[8][8];
    for (int n = 0; n < 4; n++) {
      for (int d = 0; d < 8; d++) {
        u[n][d] = Math.cos(0.5 * (8 * n + d) + 0.3);
        u[n + 4][d] = Math.sin(8 * n + d + 1);
      }
    }
    double sum = 0;
    for (int a = 0; a < 8; a++) {
      double all = 0;
      for (int b = 0; b < 8; b++) {
        if (b == (a + 4) % 8 || groups[a % 4] != groups[b % 4]) {
          all += Math.exp(cosine(u[a], u[b]) / 0.5);
        }
      }
      sum += Math.log(all) - cosine(u[a], u[(a + 4) % 8]) / 0.5;
    }
    double expected = sum / 8;
    Scope.run(() -> {
      double found = NtXent.DEFAULT.loss(sines(), cosines(), groups).loss().item();
      assertEquals(expected, found, 1e-6 * expected);
    });
  }

  private static double cosine(double[] a, double[] b) {
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += a[i] * b[i];
      aa += a[i] * a[i];
      bb += b[i] * b[i];
    }
    return ab / Math.sqrt(aa * bb);
  }

  /** A row of zeros is like nothing, and has a gradient that is finite. */
  @Test
  void nothing() {
    Scope.run(() -> {
      Tensor first = rows(3, 2, k -> k < 2 ? 0 : k);
      double[][] found = new double[1][];
      try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
        tape.watch(first, g -> found[0] = g.toDoubles());
        Tensor loss = tape.record(() -> NtXent.DEFAULT.loss(first, rows(3, 2, k -> 1 + k)).loss());
        assertEquals(true, Double.isFinite(loss.item()));
        tape.backward(loss, 1, (parameter, gradient) -> {});
      }
      for (double g : found[0]) {
        assertEquals(true, Double.isFinite(g), "gradient " + g);
      }
    });
  }

  @Test
  void mistakes() {
    assertEquals(
        "the temperature must be positive, not 0.0",
        assertThrows(IllegalArgumentException.class, () -> new NtXent(0)).getMessage());
    assertEquals(
        "3 groups for 4 images",
        assertThrows(
                IllegalArgumentException.class,
                () -> Scope.run(() -> NtXent.DEFAULT.loss(sines(), cosines(), new int[3])))
            .getMessage());
  }
}
