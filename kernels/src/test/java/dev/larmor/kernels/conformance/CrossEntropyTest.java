package dev.larmor.kernels.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.larmor.engine.DType;
import dev.larmor.engine.Device;
import dev.larmor.engine.Philox;
import dev.larmor.engine.Scope;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.Softmax;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits at the ends of their range, and labels beyond theirs. */
class CrossEntropyTest {
  private static final CrossEntropy PLAIN = new CrossEntropy(0);

  private static Device device;

  @BeforeAll
  static void open() {
    device = DeviceUnderTest.open();
  }

  @AfterAll
  static void close() {
    device.close();
  }

  /** Logits {@code [N, C, …]} and labels; at each place the class after the label's is left out. */
  private record Scores(TensorSpec spec, TensorSpec labelSpec, double[] logits, double[] labels) {
    static Scores of(String shape, double spread) {
      List<Long> dims = new ArrayList<>();
      for (String extent : shape.split("x")) {
        dims.add(Long.parseLong(extent));
      }
      Shape all = Shape.of(dims.stream().mapToLong(d -> d).toArray());
      dims.remove(1);
      Shape places = Shape.of(dims.stream().mapToLong(d -> d).toArray());
      double[] logits = new double[(int) all.elements()];
      double[] labels = new double[(int) places.elements()];
      Philox stream = Philox.of(4, shape);
      for (int i = 0; i < logits.length; i++) {
        logits[i] = (float) (spread * stream.normal(i));
      }
      Scores scores =
          new Scores(
              new TensorSpec(DType.F32, all), new TensorSpec(DType.I32, places), logits, labels);
      for (int place = 0; place < labels.length; place++) {
        int label = stream.with("label").below(scores.classes(), place);
        labels[place] = label;
        logits[scores.index(place, scores.after(place))] = Double.NEGATIVE_INFINITY;
      }
      return scores;
    }

    int classes() {
      return spec.shape().size(1);
    }

    int after(int place) {
      return ((int) labels[place] + 1) % classes();
    }

    int index(int place, int c) {
      int positions = (int) spec.shape().positions();
      return (place / positions * classes() + c) * positions + place % positions;
    }

    /** By its definition, over the classes that are not left out. */
    double probability(int place, int c) {
      double inverse = 0;
      for (int other = 0; other < classes(); other++) {
        inverse += Math.exp(logits[index(place, other)] - logits[index(place, c)]);
      }
      return c == after(place) ? 0 : 1 / inverse;
    }

    Tensor logitsOn(Device device) {
      return device.fromDoubles(spec, logits);
    }

    Tensor labelsOn(Device device) {
      return device.fromDoubles(labelSpec, labels);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1x2", "70x70", "3x240", "2x5x3x4x7", "3x33x9x5"})
  void aClassOfMinusInfinityIsLeftOut(String shape) {
    Scores scores = Scores.of(shape, 3);
    Scope.run(() -> {
      Tensor logits = scores.logitsOn(device);
      Tensor labels = scores.labelsOn(device);
      double loss = PLAIN.apply(logits, labels).item();
      double[] probability = new Softmax().apply(logits).toDoubles();
      double[] gradient =
          new CrossEntropy.Grad(PLAIN).apply(device.scalar(2), logits, labels).toDoubles();
      int places = scores.labels.length;
      double expected = 0;
      for (int place = 0; place < places; place++) {
        int label = (int) scores.labels[place];
        expected -= Math.log(scores.probability(place, label)) / places;
        for (int c = 0; c < scores.classes(); c++) {
          int i = scores.index(place, c);
          double p = scores.probability(place, c);
          double difference = c == label ? p - 1 : p;
          assertEquals(p, probability[i], c == scores.after(place) ? 0 : 1e-6);
          assertEquals(2 * difference / places, gradient[i], 2e-6 / places);
        }
        assertEquals(0, gradient[scores.index(place, scores.after(place))]);
      }
      assertEquals(expected, loss, 1e-6 * Math.max(1, expected));
    });
  }

  /** Exponentials of these are zero or infinite; probabilities and losses are neither NaN. */
  @ParameterizedTest
  @ValueSource(strings = {"40x70", "2x5x3x4x7"})
  void largeLogitsDoNotOverflow(String shape) {
    Scores scores = Scores.of(shape, 1e6);
    Scope.run(() -> {
      double expected = 0;
      for (int place = 0; place < scores.labels.length; place++) {
        double largest = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < scores.classes(); c++) {
          largest = Math.max(largest, scores.logits[scores.index(place, c)]);
        }
        double own = scores.logits[scores.index(place, (int) scores.labels[place])];
        expected += (largest - own) / scores.labels.length;
      }
      Tensor logits = scores.logitsOn(device);
      assertEquals(expected, PLAIN.apply(logits, scores.labelsOn(device)).item(), 1e-6 * expected);
      for (double p : new Softmax().apply(logits).toDoubles()) {
        assertTrue(p >= 0 && p <= 1, "probability " + p);
      }
    });
  }

  @Test
  void smoothingHasAShareInEveryClass() {
    Scores scores = Scores.of("4x7", 1);
    Scope.run(() ->
        assertEquals(
            Double.POSITIVE_INFINITY,
            new CrossEntropy(0.1).apply(scores.logitsOn(device), scores.labelsOn(device)).item()));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 7, Integer.MIN_VALUE, Integer.MAX_VALUE})
  void aLabelOfNoClassMakesTheLossNaN(int label) {
    Scope.run(() -> {
      Tensor logits = device.fromDoubles(TensorSpec.of(DType.F32, 2, 7), new double[14]);
      Tensor labels = device.fromDoubles(TensorSpec.of(DType.I32, 2), 3, label);
      assertEquals(Double.NaN, PLAIN.apply(logits, labels).item());
    });
  }
}
