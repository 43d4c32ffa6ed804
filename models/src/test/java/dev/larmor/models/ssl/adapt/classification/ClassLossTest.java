package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.autograd.GradCheck;
import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.TensorSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ClassLossTest {
  private static final int[] LABELS = {2, 0, 1, 2};

  private static double[] logits() {
    double[] logits = new double[12];
    for (int i = 0; i < 12; i++) {
      logits[i] = 2 * Philox.of(5, "logits").normal(i);
    }
    return logits;
  }

  /** Σ w·(−Σ q log p) / Σ w. */
  private static double naive(double[] logits, double smoothing, double[] weights) {
    double sum = 0;
    double total = 0;
    for (int i = 0; i < 4; i++) {
      double exponentials = 0;
      for (int c = 0; c < 3; c++) {
        exponentials += Math.exp(logits[3 * i + c]);
      }
      double own = 0;
      for (int c = 0; c < 3; c++) {
        double q = smoothing / 3 + (c == LABELS[i] ? 1 - smoothing : 0);
        own -= q * Math.log(Math.exp(logits[3 * i + c]) / exponentials);
      }
      sum += weights[LABELS[i]] * own;
      total += weights[LABELS[i]];
    }
    return sum / total;
  }

  @Test
  void isWhatItIsDefinedAs() {
    TensorSpec spec = TensorSpec.of(DType.F32, 4, 3);
    for (double smoothing : new double[] {0, 0.2}) {
      for (double[] weights : new double[][] {{1, 1, 1}, {0.5, 2, 3}}) {
        ClassLoss loss = new ClassLoss(smoothing, List.of(weights[0], weights[1], weights[2]));
        try (Device ref = Device.open("ref")) {
          double found =
              Scope.run(() ->
                  loss.part(ref.fromDoubles(spec, logits()), LABELS, loss.total(LABELS)).item());
          assertEquals(naive(logits(), smoothing, weights), found, 1e-12);
          double worst =
              GradCheck.worst(
                  ref,
                  List.of(new GradCheck.Input(spec, logits())),
                  in -> loss.part(in[0], LABELS, loss.total(LABELS)),
                  1e-5);
          assertTrue(worst < 1e-7, "gradient off by " + worst);
        }
      }
    }
  }

  @Test
  void balancedWeights() {
    assertEquals(List.of(4.0 / 3, 4.0 / 3, 2.0 / 3), ClassLoss.balanced(LABELS, 3));
  }
}
