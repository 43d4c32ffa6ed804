package dev.larmor.models.simclr;

import dev.larmor.engine.DType;
import dev.larmor.engine.Shape;
import dev.larmor.engine.Shares.Share;
import dev.larmor.engine.Tensor;
import dev.larmor.engine.TensorSpec;
import dev.larmor.engine.op.Add;
import dev.larmor.engine.op.Affine;
import dev.larmor.engine.op.ChannelDot;
import dev.larmor.engine.op.ChannelScale;
import dev.larmor.engine.op.Concat;
import dev.larmor.engine.op.CrossEntropy;
import dev.larmor.engine.op.MatMul;
import dev.larmor.engine.op.Narrow;
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
   * <p>Where ranks share the batch, each has the rows of its own n of the N images; what they have
   * adds up to the whole batch's.
   *
   * @param loss {@code F32[]}, the sum over the own rows by 2N: of all rows, their mean
   * @param logits {@code F32[2n, 2N]}: cosines by τ, the second views' rows first, −∞ where rows
   *     are not compared
   * @param own images
   */
  public record Batch(Tensor loss, Tensor logits, Share own) {
    /**
     * The own rows whose other view is the most similar of all, as a share of all 2N rows; reads
     * the device.
     */
    public double accuracy() {
      int all = logits.shape().size(1);
      int[] rows = rows(own, all);
      float[] values = logits.toFloats();
      int right = 0;
      for (int i = 0; i < rows.length; i++) {
        int partner = partner(rows[i], all);
        float positive = values[i * all + partner];
        boolean most = true;
        for (int b = 0; b < all; b++) {
          most &= b == partner || values[i * all + b] < positive;
        }
        right += most ? 1 : 0;
      }
      return (double) right / all;
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
    return loss(first, second, groups, Share.all(groups.length));
  }

  /**
   * The same for some of the images, which are told from all.
   *
   * @param own images
   */
  public Batch loss(Tensor first, Tensor second, int[] groups, Share own) {
    Tensor u = normalized(new Concat(0).apply(second, first));
    int all = u.shape().size(0);
    if (2 * groups.length != all) {
      throw new IllegalArgumentException(
          "%d groups for %d images".formatted(groups.length, all / 2));
    }
    boolean whole = own.count() == groups.length;
    Tensor cosines = new MatMul(false, true).apply(whole ? u : narrowed(u, own), u);
    Tensor scaled = Affine.scale(1 / temperature).apply(cosines);
    int[] rows = rows(own, all);
    Tensor logits = new Add().apply(scaled, excluded(scaled, rows, groups));
    double[] partners = Arrays.stream(rows).mapToDouble(row -> partner(row, all)).toArray();
    Tensor labels = u.device().fromDoubles(TensorSpec.of(DType.I32, rows.length), partners);
    Tensor loss = new CrossEntropy(0).apply(logits, labels);
    Tensor part = whole ? loss : Affine.scale((double) rows.length / all).apply(loss);
    return new Batch(part, logits, own);
  }

  /** Which of all rows are some images': their second views', then their first views'. */
  private static int[] rows(Share images, int all) {
    return IntStream.concat(
            IntStream.range(images.first(), images.end()),
            IntStream.range(images.first() + all / 2, images.end() + all / 2))
        .toArray();
  }

  private static Tensor narrowed(Tensor u, Share own) {
    int images = u.shape().size(0) / 2;
    return new Concat(0)
        .apply(
            new Narrow(0, own.first(), own.count()).apply(u),
            new Narrow(0, images + own.first(), own.count()).apply(u));
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

  /** −∞ between rows of one group, but for an image's two views; else 0. */
  private static Tensor excluded(Tensor like, int[] rows, int[] groups) {
    int all = like.shape().size(1);
    float[] values = new float[rows.length * all];
    for (int i = 0; i < rows.length; i++) {
      for (int b = 0; b < all; b++) {
        boolean together = groups[rows[i] % groups.length] == groups[b % groups.length];
        values[i * all + b] = together && b != partner(rows[i], all) ? Float.NEGATIVE_INFINITY : 0;
      }
    }
    return like.device().tensor(like.spec(), values);
  }
}
