package dev.larmor.kernels.ref;

import dev.larmor.engine.op.CrossEntropy;

/** Softmax over the classes of each position, and the cross-entropy. */
final class Likelihood {
  private Likelihood() {}

  /** One position of a sample: a logit for each class. */
  private record Place(int classes, long positions, long n, long p) {
    long index(int c) {
      return (n * classes + c) * positions + p;
    }

    /** Its index among the labels. */
    long label() {
      return n * positions + p;
    }

    /** Logits less the logarithm of the sum of their exponentials. */
    double[] logSoftmax(RefTensor x) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        largest = Math.max(largest, x.re(index(c)));
      }
      double sum = 0;
      for (int c = 0; c < classes; c++) {
        sum += Math.exp(x.re(index(c)) - largest);
      }
      double[] log = new double[classes];
      for (int c = 0; c < classes; c++) {
        log[c] = x.re(index(c)) - largest - Math.log(sum);
      }
      return log;
    }
  }

  private interface AtPlace {
    void visit(Place place);
  }

  private static void places(RefTensor x, AtPlace at) {
    long positions = x.shape().positions();
    for (long n = 0; n < x.dim(0); n++) {
      for (long p = 0; p < positions; p++) {
        at.visit(new Place(x.dim(1), positions, n, p));
      }
    }
  }

  static void softmax(RefTensor x, RefTensor y) {
    places(
        x,
        place -> {
          double[] log = place.logSoftmax(x);
          for (int c = 0; c < log.length; c++) {
            y.set(place.index(c), Math.exp(log[c]));
          }
        });
  }

  static void softmaxGrad(RefTensor g, RefTensor y, RefTensor gx) {
    places(
        g,
        place -> {
          double mean = 0;
          for (int c = 0; c < place.classes(); c++) {
            mean += g.re(place.index(c)) * y.re(place.index(c));
          }
          for (int c = 0; c < place.classes(); c++) {
            long i = place.index(c);
            gx.set(i, y.re(i) * (g.re(i) - mean));
          }
        });
  }

  /** The share of class {@code c} in the distribution that a label stands for. */
  private static double share(CrossEntropy op, int c, double label, int classes) {
    return (c == label ? 1 - op.smoothing() : 0) + op.smoothing() / classes;
  }

  static void crossEntropy(CrossEntropy op, RefTensor x, RefTensor labels, RefTensor loss) {
    loss.zero();
    places(
        x,
        place -> {
          double label = labels.get(place.label());
          double[] log = place.logSoftmax(x);
          double own = label >= 0 && label < log.length ? 0 : Double.NaN;
          for (int c = 0; c < log.length; c++) {
            double share = share(op, c, label, log.length);
            own -= share == 0 ? 0 : share * log[c];
          }
          loss.add(0, own / labels.elements(), 0);
        });
  }

  static void crossEntropyGrad(
      CrossEntropy op, RefTensor g, RefTensor x, RefTensor labels, RefTensor gx) {
    places(
        x,
        place -> {
          double label = labels.get(place.label());
          double[] log = place.logSoftmax(x);
          for (int c = 0; c < log.length; c++) {
            double difference = Math.exp(log[c]) - share(op, c, label, log.length);
            gx.set(place.index(c), g.re(0) * difference / labels.elements());
          }
        });
  }
}
