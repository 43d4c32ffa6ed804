package dev.larmor.models.ssl.adapt.segmentation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.larmor.autograd.Recompute;
import dev.larmor.autograd.Tape;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The loss against its formula in plain double, and its gradient against differences of that. */
final class DiceCrossEntropyTest {
  private static final int SAMPLES = 2;
  private static final int CLASSES = 3;
  private static final int VOXELS = 2 * 3 * 4;
  private static final TensorSpec SPEC = TensorSpec.of(DType.F32, SAMPLES, CLASSES, 2, 3, 4);

  /** nnU-Net's loss, sample by sample and class by class. */
  private static double[] naive(double[] scores, int[] labels, boolean batchDice) {
    double crossEntropy = 0;
    double[][] common = new double[SAMPLES][CLASSES];
    double[][] sizes = new double[SAMPLES][CLASSES];
    for (int n = 0; n < SAMPLES; n++) {
      for (int v = 0; v < VOXELS; v++) {
        double sum = 0;
        for (int c = 0; c < CLASSES; c++) {
          sum += Math.exp(scores[(n * CLASSES + c) * VOXELS + v]);
        }
        int label = labels[n * VOXELS + v];
        for (int c = 0; c < CLASSES; c++) {
          double p = Math.exp(scores[(n * CLASSES + c) * VOXELS + v]) / sum;
          sizes[n][c] += p + (c == label ? 1 : 0);
          common[n][c] += c == label ? p : 0;
          crossEntropy -= c == label ? Math.log(p) / (SAMPLES * VOXELS) : 0;
        }
      }
    }
    double dice = 0;
    for (int c = 1; c < CLASSES; c++) {
      if (batchDice) {
        double both = common[0][c] + common[1][c];
        dice += (2 * both + 1e-5) / (sizes[0][c] + sizes[1][c] + 1e-5) / (CLASSES - 1);
      } else {
        for (int n = 0; n < SAMPLES; n++) {
          dice += (2 * common[n][c] + 1e-5) / (sizes[n][c] + 1e-5) / (SAMPLES * (CLASSES - 1));
        }
      }
    }
    return new double[] {crossEntropy - dice, crossEntropy, dice};
  }

  private static double[] scores() {
    double[] scores = new double[SAMPLES * CLASSES * VOXELS];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Philox.of(5, "scores").normal(i);
    }
    return scores;
  }

  /** The second sample lacks class 2. */
  private static int[] labels() {
    int[] labels = new int[SAMPLES * VOXELS];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = Philox.of(6, "labels").below(i < VOXELS ? CLASSES : CLASSES - 1, i);
    }
    return labels;
  }

  @ParameterizedTest
  @CsvSource({"ref, false", "ref, true", "under test, false", "under test, true"})
  void lossAndGradient(String name, boolean batchDice) {
    boolean exact = name.equals("ref");
    double tolerance = exact ? 1e-9 : 2e-6;
    double[] scores = scores();
    int[] labels = labels();
    double[] gradient = new double[scores.length];
    try (Device device = Device.open(exact ? "ref" : System.getProperty("larmor.device", "cpu"))) {
      Scope.run(() -> {
        Tensor x = device.fromDoubles(SPEC, scores);
        try (Tape tape = new Tape(List.of(), Recompute.NEVER)) {
          tape.watch(x, g -> System.arraycopy(g.toDoubles(), 0, gradient, 0, gradient.length));
          DiceCrossEntropy.Parts parts =
              tape.record(() -> new DiceCrossEntropy(batchDice).loss(x, labels));
          double[] expected = naive(scores, labels, batchDice);
          assertEquals(expected[0], parts.total().item(), tolerance);
          assertEquals(expected[1], parts.crossEntropy().item(), tolerance);
          assertEquals(expected[2], parts.dice().item(), tolerance);
          tape.backward(parts.total(), 1, (parameter, g) -> {});
        }
      });
    }
    double step = 1e-5;
    for (int i = 0; i < scores.length; i++) {
      double[] moved = scores.clone();
      moved[i] += step;
      double above = naive(moved, labels, batchDice)[0];
      moved[i] -= 2 * step;
      double below = naive(moved, labels, batchDice)[0];
      assertEquals((above - below) / (2 * step), gradient[i], exact ? 1e-9 : 1e-6, "score " + i);
    }
  }
}
