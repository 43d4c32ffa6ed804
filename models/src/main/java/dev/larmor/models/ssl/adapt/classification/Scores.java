package dev.larmor.models.ssl.adapt.classification;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * How well predicted probabilities fit known classes. All but the loss are means over classes, each
 * class counted the same however many cases it has.
 *
 * @param loss mean −log of the right class's probability
 * @param f1 of classes that occur or are predicted
 * @param balancedAccuracy the share of each class that is recognised, of classes that occur
 * @param averagePrecision of each class against the rest
 * @param auroc area under the ROC curve of each class against the rest; NaN if all cases are of one
 *     class
 */
record Scores(
    double loss, double f1, double balancedAccuracy, double averagePrecision, double auroc) {
  /** A figure's name and what it is. */
  record Figure(String name, String label, ToDoubleFunction<Scores> of) {}

  /** All figures. */
  static final List<Figure> FIGURES =
      List.of(
          new Figure("heldout_loss", "log loss", Scores::loss),
          new Figure("f1", "F1", Scores::f1),
          new Figure("balanced_accuracy", "balanced accuracy", Scores::balancedAccuracy),
          new Figure("average_precision", "average precision", Scores::averagePrecision),
          new Figure("auroc", "AUROC", Scores::auroc));

  /** Keeps a probability that was rounded to zero from making the loss infinite. */
  private static final double LEAST = 1e-12;

  /**
   * Compares.
   *
   * @param labels of each case
   * @param probabilities of each case, one for each class
   */
  static Scores of(int[] labels, double[][] probabilities) {
    double loss = 0;
    for (int i = 0; i < labels.length; i++) {
      loss -= Math.log(Math.max(probabilities[i][labels[i]], LEAST));
    }
    int[][] confusion = confusion(labels, probabilities);
    int classes = confusion.length;
    double[] f1 = new double[classes];
    double[] recall = new double[classes];
    double[] precision = new double[classes];
    double[] auroc = new double[classes];
    for (int c = 0; c < classes; c++) {
      int label = c;
      int right = confusion[c][c];
      int occurring = IntStream.of(confusion[c]).sum();
      int predicted = IntStream.range(0, classes).map(row -> confusion[row][label]).sum();
      f1[c] = 2.0 * right / (occurring + predicted);
      recall[c] = (double) right / occurring;
      Ranking ranking = ranking(labels, probabilities, c);
      precision[c] = ranking.averagePrecision();
      auroc[c] = ranking.auroc();
    }
    return new Scores(loss / labels.length, mean(f1), mean(recall), mean(precision), mean(auroc));
  }

  /** How a class is told from the rest by its probability. */
  static Ranking ranking(int[] labels, double[][] probabilities, int label) {
    boolean[] belongs = new boolean[labels.length];
    double[] scores = new double[labels.length];
    for (int i = 0; i < labels.length; i++) {
      belongs[i] = labels[i] == label;
      scores[i] = probabilities[i][label];
    }
    return Ranking.of(belongs, scores);
  }

  /** Of those that have a value: a class that does not occur has none. */
  private static double mean(double[] ofClasses) {
    return DoubleStream.of(ofClasses)
        .filter(value -> !Double.isNaN(value))
        .average()
        .orElse(Double.NaN);
  }

  /** How many cases of each class – rows – are taken for each – columns. */
  static int[][] confusion(int[] labels, double[][] probabilities) {
    int classes = probabilities[0].length;
    int[][] confusion = new int[classes][classes];
    for (int i = 0; i < labels.length; i++) {
      confusion[labels[i]][predicted(probabilities[i])]++;
    }
    return confusion;
  }

  /** The most probable class; of equals, the first. */
  static int predicted(double[] probabilities) {
    int most = 0;
    for (int c = 1; c < probabilities.length; c++) {
      most = probabilities[c] > probabilities[most] ? c : most;
    }
    return most;
  }

  /** All figures by their names. */
  Map<String, Double> named() {
    Map<String, Double> named = new LinkedHashMap<>();
    FIGURES.forEach(figure -> named.put(figure.name(), figure.of().applyAsDouble(this)));
    return named;
  }
}
