package dev.larmor.models.ssl.adapt.classification;

import dev.larmor.engine.DType;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.Narrow;
import java.util.Arrays;
import java.util.List;

/**
 * Cross-entropy in which some classes count more: Σ wᵢ·CEᵢ / Σ wᵢ over the samples i of a step, wᵢ
 * being the weight of sample i's class.
 *
 * @param smoothing share of the right class's probability that all classes get alike, in [0, 1]
 * @param weights of each class, positive
 */
record ClassLoss(double smoothing, List<Double> weights) {
  ClassLoss {
    weights = List.copyOf(weights);
  }

  /** Weights that make every class count the same: cases by classes and the class's cases. */
  static List<Double> balanced(int[] labels, int classes) {
    double[] cases = new double[classes];
    for (int label : labels) {
      cases[label]++;
    }
    return Arrays.stream(cases).mapToObj(n -> labels.length / (classes * n)).toList();
  }

  /** The sum of some samples' weights. */
  double total(int[] labels) {
    return Arrays.stream(labels).mapToDouble(weights::get).sum();
  }

  /**
   * What some of a step's samples add to its loss.
   *
   * @param logits {@code F32[N, classes]}
   * @param labels of the N samples
   * @param total weight of all the step's samples
   * @return {@code F32[]}
   */
  Tensor part(Tensor logits, int[] labels, double total) {
    Tensor sum = null;
    for (int i = 0; i < labels.length; i++) {
      Tensor label = logits.device().fromDoubles(TensorSpec.of(DType.I32, 1), labels[i]);
      Tensor own = new CrossEntropy(smoothing).apply(new Narrow(0, i, 1).apply(logits), label);
      Tensor share = Affine.scale(weights.get(labels[i]) / total).apply(own);
      sum = sum == null ? share : new Add().apply(sum, share);
    }
    return sum;
  }
}
