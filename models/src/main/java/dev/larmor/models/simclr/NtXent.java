package dev.larmor.models.simclr;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelDot;
import dev.larmor.engine.op.ChannelScale;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Reshape;
import dev.larmor.engine.op.Unary;
import dev.larmor.engine.op.Unary.Function;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The normalised, temperature-scaled cross-entropy (Chen et al., ICML 2020, eq. 1): each of 2N
 * embeddings shall tell the other view of its image among all others by their cosine.
 *
 * @param temperature τ, positive: cosines are divided by it
 */
public record NtXent(double temperature) {
  /** The published loss. */
  public static final NtXent DEFAULT = new NtXent(0.5);

  /** Keeps the norm of a zero embedding from being divided by. */
  private static final double TINY = 1e-24;

  public NtXent {
    if (!(temperature > 0)) {
      throw new IllegalArgumentException("the temperature must be positive, not " + temperature);
    }
  }

  /**
   * The loss of a batch, and what it is made of.
   *
   * @param loss {@code F32[]}, the mean over all 2N rows
   * @param logits {@code F32[2N, 2N]}: cosines by τ, the second views' rows first, −∞ where rows
   *     are not compared
   */
  public record Batch(Tensor loss, Tensor logits) {
    /** The share of rows whose other view is the most similar of all; reads the device. */
    public double accuracy() {
      int rows = logits.shape().size(0);
      float[] values = logits.toFloats();
      int right = 0;
      for (int a = 0; a < rows; a++) {
        float positive = values[a * rows + partner(a, rows)];
        boolean most = true;
        for (int b = 0; b < rows; b++) {
          most &= b == partner(a, rows) || values[a * rows + b] < positive;
        }
        right += most ? 1 : 0;
      }
      return (double) right / rows;
    }
  }

  /**
   * The loss of the embeddings of two views, all images being different.
   *
   * @param first {@code F32[N, D]}
   * @param second the other views of the same images, like {@code first}
   */
  public Batch loss(Tensor first, Tensor second) {
    return loss(first, second, IntStream.range(0, first.shape().size(0)).toArray());
  }

  /**
   * The same where images may belong together, as copies of one image or scans of one subject:
   * these are not told from each other.
   *
   * @param groups of each image, the number of what it belongs to
   */
  public Batch loss(Tensor first, Tensor second, int[] groups) {
    Tensor u = normalized(new Concat(0).apply(second, first));
    int rows = u.shape().size(0);
    Tensor cosines = new MatMul(false, true).apply(u, u);
    Tensor scaled = Affine.scale(1 / temperature).apply(cosines);
    Tensor logits = new Add().apply(scaled, excluded(scaled, groups));
    double[] partners = new double[rows];
    Arrays.setAll(partners, a -> partner(a, rows));
    Tensor labels = u.device().fromDoubles(TensorSpec.of(DType.I32, rows), partners);
    return new Batch(new CrossEntropy(0).apply(logits, labels), logits);
  }

  private static int partner(int row, int rows) {
    return (row + rows / 2) % rows;
  }

  /** Rows of length 1. */
  private static Tensor normalized(Tensor rows) {
    Shape shape = rows.shape();
    Tensor maps = new Reshape(Shape.of(1, shape.dim(0), 1, shape.dim(1))).apply(rows);
    Tensor squares = new Affine(1, TINY).apply(new ChannelDot().apply(maps, maps));
    Tensor scaled = new ChannelScale().apply(maps, new Unary(Function.RSQRT).apply(squares));
    return new Reshape(shape).apply(scaled);
  }

  /** −∞ between the rows of a group, but for an image's two views; else 0. */
  private static Tensor excluded(Tensor like, int[] groups) {
    int rows = like.shape().size(0);
    if (2 * groups.length != rows) {
      throw new IllegalArgumentException(
          "%d groups for %d images".formatted(groups.length, rows / 2));
    }
    float[] values = new float[rows * rows];
    for (int a = 0; a < rows; a++) {
      for (int b = 0; b < rows; b++) {
        boolean together = groups[a % groups.length] == groups[b % groups.length];
        values[a * rows + b] = together && b != partner(a, rows) ? Float.NEGATIVE_INFINITY : 0;
      }
    }
    return like.device().tensor(like.spec(), values);
  }
}
