package dev.larmor.kernels.cpu;

import static dev.larmor.kernels.cpu.Lanes.DOUBLE;
import static dev.larmor.kernels.cpu.Lanes.FLOAT;

import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.CrossEntropy;

/**
 * Softmax over the classes of each position, and the cross-entropy. The classes of a position lie
 * together: its logits are a row.
 */
final class Likelihood {
  private final Team team;

  Likelihood(Team team) {
    this.team = team;
  }

  /** Rows of a task: exponentials take their time. */
  private static long grain(long classes) {
    return Math.max(1, Split.GRAIN / 16 / classes);
  }

  private static long rows(TensorSpec logits) {
    return logits.shape().elements() / logits.shape().dim(1);
  }

  private interface Row {
    /** Works on a row whose first logit is {@code offset} bytes in. */
    void run(long row, long offset);
  }

  private void rows(Array logits, Row body) {
    long bytes = FLOAT * logits.dim(1);
    Split.ranges(
        team,
        rows(logits.spec()),
        grain(logits.dim(1)),
        (from, to) -> {
          for (long row = from; row < to; row++) {
            body.run(row, row * bytes);
          }
        });
  }

  private static float largest(long row, int classes) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < classes; c++) {
      largest = Math.max(largest, Lanes.get(row + FLOAT * c));
    }
    return largest;
  }

  /** Writes exp(x − largest) for a row and returns the sum. */
  private static double exponentials(long x, long y, int classes) {
    double largest = largest(x, classes);
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      double e = Math.exp(Lanes.get(x + FLOAT * c) - largest);
      Lanes.set(y + FLOAT * c, (float) e);
      sum += e;
    }
    return sum;
  }

  void softmax(Array x, Array y) {
    int classes = x.dim(1);
    rows(
        x,
        (row, offset) -> {
          long to = y.address() + offset;
          double scale = 1 / exponentials(x.address() + offset, to, classes);
          for (int c = 0; c < classes; c++) {
            Lanes.set(to + FLOAT * c, (float) (scale * Lanes.get(to + FLOAT * c)));
          }
        });
  }

  void softmaxGrad(Array g, Array y, Array gx) {
    int classes = g.dim(1);
    rows(
        g,
        (row, offset) -> {
          double mean = 0;
          for (int c = 0; c < classes; c++) {
            long at = offset + FLOAT * c;
            mean += (double) Lanes.get(g.address() + at) * Lanes.get(y.address() + at);
          }
          for (int c = 0; c < classes; c++) {
            long at = offset + FLOAT * c;
            double centred = Lanes.get(g.address() + at) - mean;
            Lanes.set(gx.address() + at, (float) (Lanes.get(y.address() + at) * centred));
          }
        });
  }

  /** Workspace of {@link #crossEntropy}: the sum of each task. */
  static long workspace(TensorSpec logits) {
    return DOUBLE * Split.tasks(rows(logits), grain(logits.shape().dim(1)));
  }

  void crossEntropy(CrossEntropy op, Array x, Array labels, Array loss, long workspace) {
    int classes = x.dim(1);
    long rows = rows(x.spec());
    long grain = grain(classes);
    Split.ranges(
        team,
        rows,
        grain,
        (from, to) -> {
          double sum = 0;
          for (long row = from; row < to; row++) {
            sum += rowLoss(op, x.address() + FLOAT * classes * row, label(labels, row), classes);
          }
          Lanes.setDouble(workspace + DOUBLE * (from / grain), sum);
        });
    double total = 0;
    for (int task = 0; task < Split.tasks(rows, grain); task++) {
      total += Lanes.getDouble(workspace + DOUBLE * task);
    }
    loss.set(0, total / rows);
  }

  private static int label(Array labels, long row) {
    return (int) Element.get(labels.dtype(), labels.address(), row);
  }

  private static double rowLoss(CrossEntropy op, long row, int label, int classes) {
    if (label < 0 || label >= classes) {
      return Double.NaN;
    }
    double largest = largest(row, classes);
    double sum = 0;
    double excess = 0;
    for (int c = 0; c < classes; c++) {
      double x = Lanes.get(row + FLOAT * c) - largest;
      sum += Math.exp(x);
      excess += x;
    }
    double loss = Math.log(sum);
    // A part that has no weight may be infinite.
    if (op.smoothing() < 1) {
      loss -= (1 - op.smoothing()) * (Lanes.get(row + FLOAT * label) - largest);
    }
    if (op.smoothing() > 0) {
      loss -= op.smoothing() * excess / classes;
    }
    return loss;
  }

  void crossEntropyGrad(CrossEntropy op, Array g, Array x, Array labels, Array gx) {
    int classes = x.dim(1);
    double scale = (double) g.get(0) / rows(x.spec());
    double shared = op.smoothing() / classes;
    rows(
        x,
        (row, offset) -> {
          long to = gx.address() + offset;
          int label = label(labels, row);
          double sum = exponentials(x.address() + offset, to, classes);
          for (int c = 0; c < classes; c++) {
            double share = c == label ? 1 - op.smoothing() + shared : shared;
            double difference = Lanes.get(to + FLOAT * c) / sum - share;
            Lanes.set(to + FLOAT * c, (float) (scale * difference));
          }
        });
  }
}
